/* Which thread runs an Await now, who waits for whom, and which waits could never end: `claims.py` in C.
 *
 * A claim is one thread's claim to run one Await's call, once. It is begun and ended by the same function
 * in C, and Python serves an interrupt nowhere in between but in the call itself. So none is left behind.
 *
 * A claim is in memory of its own, not on the stack of the thread: greenlets move their stacks about.
 */

#ifdef Py_GIL_DISABLED
static PyMutex claims_mutex; /* held for single steps, in which no Python object is asked anything */
#define LOCK_CLAIMS() PyMutex_Lock(&claims_mutex)
#define UNLOCK_CLAIMS() PyMutex_Unlock(&claims_mutex)
#else /* the steps in between are done without giving back the GIL */
#define LOCK_CLAIMS()
#define UNLOCK_CLAIMS()
#endif

typedef struct Claim {
    struct Claim *newer, *older; /* of all threads */
    PyObject *aw;                /* kept alive by whoever runs it or waits for it */
    struct Claim **place;        /* where that Await has the claim that holds it, if one does */
    unsigned long thread;
    int holds;                /* whether it holds the Await, and does not wait for another's claim to end */
    int has_waiters;
    struct Claim *blocked_on; /* the claim that this one waits for */
    PyThread_type_lock gate;  /* taken for as long as it waits */
    PyObject *failure;        /* what the run raised that it waited for, with the traceback of that moment */
    unsigned long look; /* the look for a cycle that came by here last */
} Claim;

static Claim *newest_claim;
static Py_ssize_t claims_under_way;

static void
link_claim(Claim *claim)
{
    claim->newer = NULL;
    claim->older = newest_claim;
    if (newest_claim != NULL) {
        newest_claim->newer = claim;
    }
    newest_claim = claim;
    claims_under_way++;
}

static void
unlink_claim(Claim *claim)
{
    if (claim->newer != NULL) {
        claim->newer->older = claim->older;
    }
    else {
        newest_claim = claim->older;
    }
    if (claim->older != NULL) {
        claim->older->newer = claim->newer;
    }
    claims_under_way--;
}

/* Return the claim that the thread of this one waits for, or NULL if that thread does not wait. */
static Claim *
wanted_by_thread_of(Claim *claim)
{
    Claim *newest = newest_claim;
    while (newest != claim && newest->thread != claim->thread) {
        newest = newest->older;
    }
    return newest->blocked_on;
}

/* Say whether the thread that has this claim waits, however indirectly, for the calling thread. */
static int
leads_back(Claim *claim)
{
    static unsigned long looks;
    unsigned long me = PyThread_get_thread_ident(), look = ++looks;
    for (; claim != NULL && claim->look != look; claim = wanted_by_thread_of(claim)) {
        if (claim->thread == me) {
            return 1;
        }
        claim->look = look;
    }
    return 0;
}

/* Collect the Awaits on the way back to the calling thread, each thread's from the outside in. */
static Py_ssize_t
collect_cycle(Claim *claim, PyObject **found)
{
    unsigned long me = PyThread_get_thread_ident();
    Py_ssize_t count = 0;
    for (;; claim = wanted_by_thread_of(claim)) {
        for (Claim *inner = claim; inner != NULL; inner = inner->newer) {
            if (inner->thread == claim->thread && inner->holds) {
                found[count++] = Py_NewRef(inner->aw);
            }
        }
        if (claim->thread == me) {
            return count;
        }
    }
}

/* Raise the error about a cycle if the wait for this claim could never end, and return whether it could
 * not. To be called with the claims locked; gives them back if it raises. */
static int
refuse_cycle(Claim *wanted, PyObject *say_cycle)
{
    if (!leads_back(wanted)) {
        return 0;
    }
    PyObject **found = PyMem_Calloc(claims_under_way, sizeof(PyObject *));
    Py_ssize_t count = found ? collect_cycle(wanted, found) : 0;
    UNLOCK_CLAIMS();
    PyObject *cycle = found ? PyTuple_New(count) : PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < count; i++) {
        if (cycle != NULL) {
            PyTuple_SET_ITEM(cycle, i, found[i]);
        }
        else {
            Py_DECREF(found[i]);
        }
    }
    PyMem_Free(found);
    if (cycle != NULL) {
        Py_XDECREF(PyObject_CallOneArg(say_cycle, cycle)); /* which raises */
        Py_DECREF(cycle);
    }
    return 1;
}

/* A claim that has ended, for the next one: most calls are run one at a time. */
static Claim *spare_claim;

/* Return a claim, which need not have been one before; NULL with an error if there is no memory. */
static Claim *
new_claim(PyObject *aw, Claim **place)
{
    LOCK_CLAIMS();
    Claim *claim = spare_claim;
    spare_claim = NULL;
    UNLOCK_CLAIMS();
    if (claim == NULL) {
        claim = PyMem_Malloc(sizeof(Claim));
        if (claim == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
    }
    *claim = (Claim){.aw = aw, .place = place, .thread = PyThread_get_thread_ident()};
    return claim;
}

/* To be called with the claims locked. */
static void
free_claim(Claim *claim)
{
    if (spare_claim == NULL) {
        spare_claim = claim;
    }
    else {
        PyMem_Free(claim);
    }
}

/* Hold the Await, and return the claim; or NULL, without an error, if another claim holds it. */
static Claim *
try_claim(PyObject *aw, Claim **place)
{
    Claim *claim = new_claim(aw, place);
    if (claim == NULL) {
        return NULL;
    }
    LOCK_CLAIMS();
    if (*place == NULL) {
        *place = claim;
        claim->holds = 1;
        link_claim(claim);
    }
    else {
        free_claim(claim);
        claim = NULL;
    }
    UNLOCK_CLAIMS();
    return claim;
}

/* End it, and hand the failure of the run, if there is one, to those who waited. */
static void
end_claim(Claim *claim, PyObject *failure)
{
    LOCK_CLAIMS();
    *claim->place = NULL;
    unlink_claim(claim);
    if (claim->has_waiters) {
        for (Claim *other = newest_claim; other != NULL; other = other->older) {
            if (other->blocked_on == claim) {
                other->blocked_on = NULL;
                other->failure = Py_XNewRef(failure);
                PyThread_release_lock(other->gate);
            }
        }
    }
    free_claim(claim);
    UNLOCK_CLAIMS();
}

/* Stand at the gate until the claim that is waited for has ended; serve signals meanwhile. */
static int
stand_at_gate(Claim *wait, PyObject *say_cycle)
{
    for (;;) {
        PyLockStatus status;
        Py_BEGIN_ALLOW_THREADS
        status = PyThread_acquire_lock_timed(wait->gate, -1, 1);
        Py_END_ALLOW_THREADS
        if (status == PY_LOCK_ACQUIRED) {
            return 0;
        }
        if (Py_MakePendingCalls() < 0) {
            return -1;
        }
        /* While a handler ran here, nobody saw that this thread waits. */
        LOCK_CLAIMS();
        if (wait->blocked_on != NULL && refuse_cycle(wait->blocked_on, say_cycle)) {
            return -1;
        }
        UNLOCK_CLAIMS();
    }
}

#ifdef HAVE_FORK
static pid_t process_of_claims; /* whose threads the claims are of */

/* Free, in a forked child, what was run or waited for by threads that only the parent has. That is done
 * when the child begins; or before, when a function of `os.register_at_fork` that was registered earlier
 * comes to wait for one of those threads. */
static void
forget_claims_of_other_threads(void)
{
    if (process_of_claims == getpid()) {
        return;
    }
    process_of_claims = getpid();
#ifdef Py_GIL_DISABLED
    memset(&claims_mutex, 0, sizeof claims_mutex);
#endif
    unsigned long me = PyThread_get_thread_ident();
    for (Claim *claim = newest_claim; claim != NULL; claim = claim->older) {
        if (claim->thread == me) {
            if (claim->blocked_on != NULL && claim->blocked_on->thread != me) {
                claim->blocked_on = NULL;
                PyThread_release_lock(claim->gate);
            }
        }
        else if (claim->holds) {
            *claim->place = NULL;
        }
    }
    for (Claim *claim = newest_claim, *older; claim != NULL; claim = older) {
        older = claim->older;
        if (claim->thread != me) {
            unlink_claim(claim);
            PyMem_Free(claim);
        }
    }
}
#endif

/* Wait until the claim that holds the Await now, if one does, has ended. Put the failure of its run, if it
 * had one, into `failure`. */
static int
wait_for_claim(PyObject *aw, Claim **place, PyObject *say_cycle, PyObject **failure)
{
#ifdef HAVE_FORK
    forget_claims_of_other_threads();
#endif
    Claim *wait = new_claim(aw, place);
    if (wait == NULL) {
        return -1;
    }
    wait->gate = PyThread_allocate_lock();
    if (wait->gate == NULL) {
        PyMem_Free(wait);
        PyErr_NoMemory();
        return -1;
    }
    PyThread_acquire_lock(wait->gate, NOWAIT_LOCK);
    int failed = 0;
    LOCK_CLAIMS();
    Claim *holder = *place;
    if (holder != NULL && refuse_cycle(holder, say_cycle)) {
        failed = -1;
    }
    else {
        if (holder != NULL) {
            holder->has_waiters = 1;
            wait->blocked_on = holder;
            link_claim(wait);
        }
        UNLOCK_CLAIMS();
        if (holder != NULL) {
            failed = stand_at_gate(wait, say_cycle);
            LOCK_CLAIMS();
            unlink_claim(wait);
            UNLOCK_CLAIMS(); /* whoever opened the gate has left it */
        }
    }
    *failure = wait->failure;
    PyThread_free_lock(wait->gate);
    PyMem_Free(wait);
    return failed;
}
