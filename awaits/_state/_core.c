/* What an Await does all day: hold its call and its value, run the call, and forward to the value.
 *
 * This is `slots.py`, the run of `calls.py` and the busiest special methods of `awaits/_await.py` again, in
 * C. What is rare stays in Python and is called from here. The Python is the reference: whatever stands here
 * behaves as it does there, and all tests run on both.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <opcode.h>
#include <stddef.h>
#ifdef HAVE_FORK
#include <unistd.h>
#endif

#ifndef Py_BEGIN_CRITICAL_SECTION /* before Python 3.13 there is one thread at a time */
#define Py_BEGIN_CRITICAL_SECTION(op) {
#define Py_END_CRITICAL_SECTION() }
#endif

#if PY_VERSION_HEX < 0x030C0000 /* what Python 3.12 has brought */
static PyObject *
PyErr_GetRaisedException(void)
{
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(error, traceback);
        Py_DECREF(traceback);
    }
    Py_DECREF(type);
    return error;
}

static void
PyErr_SetRaisedException(PyObject *error)
{
    PyErr_Restore(Py_NewRef(Py_TYPE(error)), error, PyException_GetTraceback(error));
}
#endif

enum { FUNCTION, ARGS, KWARGS, OUTCOME, VALUE, FIELDS };

#include "_claims.h"

typedef struct {
    PyObject_HEAD
    PyObject *fields[FIELDS];
    Claim *claim; /* that holds it now, if one does */
    PyObject *weakrefs;
} AwaitBase;

/* What `connect` takes from Python, by these names, once. */
#define FROM_PYTHON(X) \
    X(await_type) \
    X(everything) \
    X(by_value) \
    X(by_function) \
    X(learn_value) \
    X(learn_function) \
    X(widen) \
    X(delayed_type) \
    X(partial_type) \
    X(pending) \
    X(released_function) \
    X(nowait_function) \
    X(own_names) \
    X(kinds_of_modules) \
    X(ordinary) \
    X(looks_on) \
    X(no_value) \
    X(remote_results) \
    X(receive) \
    X(run_dependencies) \
    X(import_named) \
    X(import_inside_import) \
    X(run_recorded) \
    X(wait_recorded) \
    X(refuse_cycle_of) \
    X(for_one_more) \
    X(run_for_special) \
    X(run_for_attribute) \
    X(run_for_iteration) \
    X(swallowed) \
    X(swallowed_for_attribute) \
    X(refuse_own) \
    X(read_pending) \
    X(read_signature) \
    X(read_class) \
    X(length_of_tensor)
#define DECLARE(name) static PyObject *name;
FROM_PYTHON(DECLARE)
static PyObject *no_keywords, *torch_function, *dunder_name, *dunder_class, *dunder_origin, *name_func,
    *name_return, *reference_awaitable;

/* What is called with every new Await while a trace is on, which also wants to hear what its call runs for.
 * One thread begins and ends a trace while others look. */
static PyObject *hear;

static inline PyObject *
hearing(void)
{
#ifdef Py_GIL_DISABLED
    return _Py_atomic_load_ptr_acquire(&hear);
#else
    return hear;
#endif
}

static inline int
is_traced(void)
{
    return hearing() != NULL;
}

/* All classes of Awaits are derived from `Await` itself, and none from these. */
static inline int
is_await(PyObject *op)
{
    return (PyObject *)Py_TYPE(op)->tp_base == await_type;
}

/* Fields. */

static inline PyObject *
get_field(PyObject *self, int field)
{
    PyObject *value;
    Py_BEGIN_CRITICAL_SECTION(self);
    value = Py_XNewRef(((AwaitBase *)self)->fields[field]);
    Py_END_CRITICAL_SECTION();
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "the garbage collector has cleared this Await");
    }
    return value;
}

static void
set_field(PyObject *self, int field, PyObject *value)
{
    PyObject *old;
    Py_BEGIN_CRITICAL_SECTION(self);
    old = ((AwaitBase *)self)->fields[field];
    ((AwaitBase *)self)->fields[field] = Py_NewRef(value);
    Py_END_CRITICAL_SECTION();
    Py_XDECREF(old); /* last, as this can run any code */
}

static int
check_await(PyObject *op)
{
    if (is_await(op)) {
        return 1;
    }
    PyErr_Format(PyExc_TypeError, "an Await is needed, not '%.200s'", Py_TYPE(op)->tp_name);
    return 0;
}

static PyObject *
asked_is_await(PyObject *module, PyObject *op)
{
    return PyBool_FromLong(is_await(op));
}

#define FIELD(name, field)                                                              \
    static PyObject *get_##name(PyObject *module, PyObject *aw)                         \
    {                                                                                   \
        return check_await(aw) ? get_field(aw, field) : NULL;                           \
    }                                                                                   \
    static PyObject *set_##name(PyObject *module, PyObject *const *args, Py_ssize_t n)  \
    {                                                                                   \
        if (n != 2) {                                                                   \
            PyErr_SetString(PyExc_TypeError, "an Await and a value are needed");        \
            return NULL;                                                                \
        }                                                                               \
        if (!check_await(args[0])) {                                                    \
            return NULL;                                                                \
        }                                                                               \
        set_field(args[0], field, args[1]);                                             \
        Py_RETURN_NONE;                                                                 \
    }

FIELD(function, FUNCTION)
FIELD(args, ARGS)
FIELD(kwargs, KWARGS)
FIELD(outcome, OUTCOME)
FIELD(value, VALUE)

/* The classes of Awaits, which stay for as long as the process lives. */

/* Say whether an entry of a table is this object's, and not that of one that is gone and had the same
   address. The reference is compared and not asked, which would count the object. */
static inline int
is_entry_of(PyObject *entry, PyObject *asked)
{
    PyObject **known = &((PyWeakReference *)PyTuple_GET_ITEM(entry, 0))->wr_object;
#ifdef Py_GIL_DISABLED
    return _Py_atomic_load_ptr_relaxed(known) == asked;
#else
    return *known == asked;
#endif
}

static PyTypeObject *
class_in_table(PyObject *table, PyObject *asked, PyObject *learn, PyObject **recent)
{
    PyObject *id = PyLong_FromVoidPtr(asked);
    if (id == NULL) {
        return NULL;
    }
#if PY_VERSION_HEX < 0x030D0000
    PyObject *entry = Py_XNewRef(PyDict_GetItemWithError(table, id));
#else
    PyObject *entry;
    (void)PyDict_GetItemRef(table, id, &entry);
#endif
    Py_DECREF(id);
    PyObject *cls = NULL;
    if (entry != NULL && is_entry_of(entry, asked)) {
        cls = Py_NewRef(PyTuple_GET_ITEM(entry, 1));
#ifndef Py_GIL_DISABLED
        Py_XSETREF(*recent, Py_NewRef(entry));
#endif
    }
    Py_XDECREF(entry);
    if (cls == NULL && !PyErr_Occurred()) {
        cls = PyObject_CallOneArg(learn, asked);
    }
    Py_XDECREF(cls);
    return (PyTypeObject *)cls;
}

/* The entries that were found last, by the addresses of those whose they are. */
enum { RECENT = 256 };
typedef PyObject *Recent[RECENT];
static Recent recent_values, recent_functions;

static inline PyObject **
recent_place(Recent recent, PyObject *asked)
{
    return &recent[((uintptr_t)asked >> 4) % RECENT];
}

/* Return the class that was found last in this place, if it was for this object. */
static inline PyTypeObject *
recent_class(PyObject **place, PyObject *asked)
{
    return *place != NULL && is_entry_of(*place, asked) ? (PyTypeObject *)PyTuple_GET_ITEM(*place, 1) : NULL;
}

/* Return the class that a table has for this object; what it has not is learned in Python. */
static inline PyTypeObject *
class_in(PyObject *table, PyObject *asked, PyObject *learn, Recent recent)
{
    PyObject **place = recent_place(recent, asked);
    PyTypeObject *cls = recent_class(place, asked);
    return cls != NULL ? cls : class_in_table(table, asked, learn, place);
}

static inline PyTypeObject *
class_of_value(PyObject *value)
{
    return class_in(by_value, (PyObject *)Py_TYPE(value), learn_value, recent_values);
}

/* Say whether nothing can be known of what a function in Python returns. */
static inline int
says_nothing(PyFunctionObject *function)
{
#if PY_VERSION_HEX >= 0x030E0000
    if (function->func_annotate != NULL && function->func_annotate != Py_None) {
        return 0;
    }
#endif
    return function->func_annotations == NULL
           && !(((PyCodeObject *)function->func_code)->co_flags
                & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR));
}

#ifndef Py_GIL_DISABLED
/* Return what all functions of the same `def` in a function have for the annotation of their result: a
   class, or the code that has it as a text or, since 3.14, as code. NULL if they may have others. */
static PyObject *
shared_annotation(PyFunctionObject *function)
{
    PyCodeObject *code = (PyCodeObject *)function->func_code;
    int is_plain = !(code->co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR))
                   && (function->func_dict == NULL || PyDict_GET_SIZE(function->func_dict) == 0);
    if (!(code->co_flags & CO_NESTED) || !is_plain) {
        return NULL;
    }
    int is_closed = code->co_nfreevars == 0; /* a text may name what is around the function */
#if PY_VERSION_HEX >= 0x030E0000
    PyObject *annotate = function->func_annotate;
    if (!is_closed || function->func_annotations != NULL || annotate == NULL || !PyFunction_Check(annotate)
        || ((PyFunctionObject *)annotate)->func_closure != NULL) {
        return NULL;
    }
    return ((PyFunctionObject *)annotate)->func_code;
#else
    PyObject *pairs = function->func_annotations; /* a dict once somebody has asked for them */
    Py_ssize_t last = pairs != NULL && PyTuple_CheckExact(pairs) ? PyTuple_GET_SIZE(pairs) - 1 : 0;
    if (last < 1 || PyTuple_GET_ITEM(pairs, last - 1) != name_return) {
        return NULL;
    }
    PyObject *annotation = PyTuple_GET_ITEM(pairs, last);
    if (PyUnicode_CheckExact(annotation)) {
        return is_closed ? (PyObject *)code : NULL;
    }
    if (Py_TYPE(annotation) == &Py_GenericAliasType) { /* list[int] is another object each time */
        annotation = PyObject_GetAttr(annotation, dunder_origin);
        if (annotation == NULL) {
            PyErr_Clear(); /* for want of memory, and then more will be said */
            return NULL;
        }
        Py_DECREF(annotation); /* the alias keeps it */
    }
    return PyType_Check(annotation) ? annotation : NULL;
#endif
}

/* Return the class for a function in a function, of which there is a new one at each call. */
static PyTypeObject *
class_of_inner(PyObject *function, PyObject *annotation)
{
    static Recent recent;
    PyObject **place = recent_place(recent, annotation);
    PyTypeObject *known = recent_class(place, annotation);
    if (known != NULL) {
        return known;
    }
    Py_INCREF(annotation);
    PyObject *cls = PyObject_CallOneArg(learn_function, function);
    PyObject *reference = cls ? PyWeakref_NewRef(annotation, NULL) : NULL;
    PyObject *entry = reference ? PyTuple_Pack(2, reference, cls) : NULL;
    if (entry != NULL) {
        Py_XSETREF(*place, entry);
    }
    Py_XDECREF(reference);
    Py_XDECREF(cls);
    Py_DECREF(annotation);
    return entry ? (PyTypeObject *)cls : NULL;
}
#endif

static PyTypeObject *
class_of_function(PyObject *function)
{
    while (PyMethod_Check(function)) {
        function = PyMethod_GET_FUNCTION(function);
    }
    if (PyCFunction_CheckExact(function)
        || (PyFunction_Check(function) && says_nothing((PyFunctionObject *)function))) {
        return (PyTypeObject *)everything;
    }
#ifndef Py_GIL_DISABLED
    PyObject *shared = PyFunction_Check(function) ? shared_annotation((PyFunctionObject *)function) : NULL;
    if (shared != NULL) {
        return class_of_inner(function, shared);
    }
#endif
    if ((PyObject *)Py_TYPE(function) != partial_type) {
        return class_in(by_function, function, learn_function, recent_functions);
    }
    PyTypeObject *cls = NULL;
    PyObject *called = PyObject_GetAttr(function, name_func);
    if (called != NULL && !Py_EnterRecursiveCall(" while a partial is made lazy")) {
        cls = class_of_function(called);
        Py_LeaveRecursiveCall();
    }
    Py_XDECREF(called);
    return cls;
}

/* Have an Await that has become complete offer what its value does. */
static inline int
widen_to(PyObject *aw, PyObject *value)
{
    if ((PyObject *)Py_TYPE(aw) == everything) {
        return 0;
    }
    PyTypeObject *cls = class_of_value(value);
    if (cls == NULL || cls == Py_TYPE(aw)) {
        return cls ? 0 : -1;
    }
    PyObject *done = PyObject_CallFunctionObjArgs(widen, aw, value, NULL);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

static PyObject *
make(PyObject *function, PyObject *args, PyObject *kwargs, PyObject *value)
{
    PyTypeObject *cls = value == pending ? class_of_function(function) : class_of_value(value);
    PyObject *self = cls ? PyType_GenericAlloc(cls, 0) : NULL;
    if (self == NULL) {
        return NULL;
    }
    PyObject **fields = ((AwaitBase *)self)->fields;
    fields[FUNCTION] = Py_NewRef(function);
    fields[ARGS] = Py_NewRef(args);
    fields[KWARGS] = Py_NewRef(kwargs);
    fields[OUTCOME] = Py_NewRef(Py_None);
    fields[VALUE] = Py_NewRef(value);
    PyObject *tell = hearing();
    if (tell != NULL) {
        PyObject *told = PyObject_CallOneArg(tell, self);
        if (told == NULL) {
            Py_CLEAR(self);
        }
        Py_XDECREF(told);
    }
    return self;
}

static PyObject *
new(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 4) {
        PyErr_SetString(PyExc_TypeError, "a function, arguments, keyword arguments and a value are needed");
        return NULL;
    }
    return make(args[0], args[1], args[2], args[3]);
}

/* The call. */

static Claim **
place_of_claim(PyObject *aw)
{
    return &((AwaitBase *)aw)->claim;
}

/* Wait until the claim that holds the Await now has ended, and raise what its run raised. */
static int
wait_for_holder(PyObject *aw)
{
    PyObject *failure = NULL;
    int failed = wait_for_claim(aw, place_of_claim(aw), refuse_cycle_of, &failure);
    if (failure != NULL) {
        if (!failed) {
            PyObject *error = PyObject_CallObject(for_one_more, failure);
            if (error != NULL) { /* raised here, its traceback has no frame of this package */
                PyErr_SetObject((PyObject *)Py_TYPE(error), error);
                Py_DECREF(error);
            }
            failed = -1;
        }
        Py_DECREF(failure);
    }
    return failed;
}

/* The same, and tell a trace. */
static int
wait_for_holder_recorded(PyObject *aw)
{
    if (!is_traced()) {
        return wait_for_holder(aw);
    }
    PyObject *done = PyObject_CallOneArg(wait_recorded, aw);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

/* Return what those who waited for a run are to raise: the exception that is set, unless that is nothing
 * but an interrupt of the one who ran it, and the traceback with which it left the function. */
static PyObject *
failure_to_share(void)
{
    if (!PyErr_ExceptionMatches(PyExc_Exception)) {
        return NULL;
    }
    PyObject *error = PyErr_GetRaisedException(), *traceback = PyException_GetTraceback(error);
    PyObject *failure = PyTuple_Pack(2, error, traceback ? traceback : Py_None);
    Py_XDECREF(traceback);
    PyErr_Clear(); /* without memory, they begin anew */
    PyErr_SetRaisedException(error);
    return failure;
}

/* Call the function. To be done by whoever holds the Await. */
static PyObject *
call_function(PyObject *aw)
{
    PyObject *value = NULL;
    PyObject *function = get_field(aw, FUNCTION), *args = get_field(aw, ARGS), *kwargs = get_field(aw, KWARGS);
    if (function != NULL && args != NULL && kwargs != NULL && !Py_EnterRecursiveCall(" while an Await runs")) {
        if (is_traced()) {
            value = PyObject_CallFunctionObjArgs(run_recorded, aw, function, args, kwargs, NULL);
        }
        else if (!PyTuple_Check(args) || !PyDict_Check(kwargs)) { /* `PyObject_Call` does not ask */
            PyErr_SetString(PyExc_TypeError, "an Await needs its arguments as a tuple and a dict");
        }
        else if (PyDict_GET_SIZE(kwargs)) {
            value = PyObject_Call(function, args, kwargs);
        }
        else {
            value = PyObject_Vectorcall(function, &PyTuple_GET_ITEM(args, 0), PyTuple_GET_SIZE(args), NULL);
        }
        Py_LeaveRecursiveCall();
    }
    Py_XDECREF(function);
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    return value;
}

/* Have the value there, and return it. To be done by whoever holds the Await. */
static PyObject *
complete(PyObject *aw)
{
    PyObject *value = get_field(aw, VALUE);
    if (value != pending) {
        return value;
    }
    if (PyDict_GET_SIZE(remote_results)) {
        Py_SETREF(value, PyObject_CallOneArg(receive, aw)); /* pending still, if it is none of those */
    }
    if (value == pending) {
        Py_SETREF(value, call_function(aw));
    }
    if (value != NULL) {
        set_field(aw, VALUE, value);
        if (widen_to(aw, value) < 0) {
            Py_CLEAR(value);
        }
    }
    return value;
}

/* Run the call, unless another thread completes it first, and return the value. */
static PyObject *
run(PyObject *aw)
{
    PyObject *value, *function = get_field(aw, FUNCTION);
    if (function == NULL) {
        return NULL;
    }
    int is_delayed = (PyObject *)Py_TYPE(function) == delayed_type, is_import = function == import_named;
    Py_DECREF(function);
    if (is_import) {
        value = PyObject_CallOneArg(import_inside_import, aw);
        if (value != pending) {
            return value;
        }
        Py_DECREF(value);
    }
    if (is_delayed) {
        PyObject *done = PyObject_CallOneArg(run_dependencies, aw);
        if (done == NULL) {
            return NULL;
        }
        Py_DECREF(done);
    }
    Py_INCREF(aw);
    while ((value = get_field(aw, VALUE)) == pending) {
        Py_DECREF(value);
        Claim *claim = try_claim(aw, place_of_claim(aw));
        if (claim != NULL) {
            value = complete(aw);
            PyObject *failure = value == NULL ? failure_to_share() : NULL;
            end_claim(claim, failure);
            Py_XDECREF(failure);
            break;
        }
        if (PyErr_Occurred() || wait_for_holder_recorded(aw) < 0) {
            value = NULL;
            break;
        }
    }
    Py_DECREF(aw);
    return value;
}

/* Fetch the exception that is set, and raise this one from it, as `raise instead from error` does. */
static void
raise_instead(PyObject *function, PyObject *aw, PyObject *name)
{
    PyObject *error = PyErr_GetRaisedException();
    PyObject *instead = PyObject_CallFunctionObjArgs(function, aw, error, name, NULL);
    if (instead == NULL) {
        Py_DECREF(error);
        return;
    }
    PyException_SetContext(instead, Py_NewRef(error));
    PyException_SetCause(instead, error);
    PyErr_SetRaisedException(instead);
}

/* Return the frame of the Python code that asks, or None where there is none, as in a new thread. */
static inline PyObject *
asking_frame(void)
{
    PyObject *frame = (PyObject *)PyEval_GetFrame();
    return frame ? frame : Py_None;
}

/* Onlookers. */

/* Return the name of the module whose code asks; NULL if there is none, as where no Python code asks. */
static PyObject *
asking_module(void)
{
    PyObject *module = NULL;
#if PY_VERSION_HEX < 0x030D0000
    PyObject *globals = PyEval_GetGlobals();
    if (globals != NULL) {
        module = Py_XNewRef(PyDict_GetItemWithError(globals, dunder_name));
    }
#else
    PyObject *globals = PyEval_GetFrameGlobals();
    if (globals != NULL) {
        (void)PyDict_GetItemRef(globals, dunder_name, &module);
        Py_DECREF(globals);
    }
#endif
    return module;
}

/* The name of the module that asked last, if it is an ordinary one: it often asks again. */
static PyObject *last_ordinary;

static PyObject *
forget_last_ordinary(PyObject *module, PyObject *unused)
{
    Py_CLEAR(last_ordinary);
    Py_RETURN_NONE;
}

static int
is_known_as_ordinary(PyObject *module)
{
    if (module == last_ordinary || !PyUnicode_CheckExact(module)) {
        return 1;
    }
    int is_ordinary = PyDict_GetItemWithError(kinds_of_modules, module) == ordinary;
#ifndef Py_GIL_DISABLED /* else another thread may add an onlooker just now */
    if (is_ordinary) {
        Py_XSETREF(last_ordinary, Py_NewRef(module));
    }
#endif
    return is_ordinary;
}

/* Say whether the code that asks looks at whatever it comes across, as `onlookers.looks_on` says it. Most
 * modules are known to be ordinary. */
static int
is_looked_at(void)
{
    PyObject *module = asking_module();
    int is_ordinary = module == NULL || is_known_as_ordinary(module);
    Py_XDECREF(module);
    if (is_ordinary) {
        return PyErr_Occurred() ? -1 : 0;
    }
    PyObject *answer = PyObject_CallNoArgs(looks_on);
    int looks = answer ? PyObject_IsTrue(answer) : -1;
    Py_XDECREF(answer);
    return looks;
}

/* Refuse a use of a pending Await as its W, if the code that asks only looks on. */
static int
refuse_onlooker(PyObject *aw, PyObject *refusal)
{
    int looks = is_looked_at();
    if (looks > 0) {
        PyObject *error = PyObject_CallFunctionObjArgs(no_value, refusal, aw, NULL);
        if (error != NULL) {
            PyErr_SetObject(refusal, error);
            Py_DECREF(error);
        }
    }
    return looks ? -1 : 0;
}

/* The value. */

/* Run the call, and tell a trace the name of the special method that asks for it. */
static PyObject *
run_for(PyObject *aw, const char *operation)
{
    if (!is_traced()) {
        return run(aw);
    }
    return PyObject_CallFunction(run_for_special, "Os", aw, operation);
}

/* Run the call for an attribute, so that its failure does not look like a W without that. */
static PyObject *
run_for_name(PyObject *aw, PyObject *name)
{
    if (is_traced()) {
        return PyObject_CallFunctionObjArgs(run_for_attribute, aw, name, NULL);
    }
    PyObject *value = run(aw);
    if (value == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        raise_instead(swallowed_for_attribute, aw, name);
    }
    return value;
}

/* Return W; run the call if it has not run. */
static inline PyObject *
wait_for(PyObject *aw, const char *operation)
{
    PyObject *value = get_field(aw, VALUE);
    if (value != pending) {
        return value;
    }
    Py_DECREF(value);
    return refuse_onlooker(aw, PyExc_TypeError) < 0 ? NULL : run_for(aw, operation);
}

/* The same, but return `pending` if an onlooker asks, for which there is an answer. */
static inline PyObject *
value_or_pending(PyObject *aw, const char *operation)
{
    PyObject *value = get_field(aw, VALUE);
    if (value == pending) {
        int looks = is_looked_at();
        if (looks <= 0) {
            Py_DECREF(value);
            value = looks < 0 ? NULL : run_for(aw, operation);
        }
    }
    return value;
}

static inline PyObject *
operand(PyObject *op, const char *operation)
{
    return is_await(op) ? wait_for(op, operation) : Py_NewRef(op);
}

/* A value that is an Await leads back into this file, and without end if it is its own value. Any other
 * is used without a look at the depth. */
static inline int
enter(PyObject *value)
{
    return is_await(value) && Py_EnterRecursiveCall(" while the value of an Await is used");
}

static inline void
leave(PyObject *value)
{
    if (is_await(value)) {
        Py_LeaveRecursiveCall();
    }
}

/* Attributes. */

static inline int
is_own(PyObject *name)
{
    if (!PyUnicode_Check(name)) {
        PyErr_Format(PyExc_TypeError, "attribute name must be string, not '%.200s'", Py_TYPE(name)->tp_name);
        return -1;
    }
#if PY_VERSION_HEX < 0x030C0000
    if (PyUnicode_READY(name) < 0) {
        return -1;
    }
#endif
    /* Most names begin otherwise than all of those, and need no look at the set. */
    switch (PyUnicode_GET_LENGTH(name) ? PyUnicode_READ_CHAR(name, 0) : 0) {
    case '_':
    case 'a':
    case 'f':
    case 'i':
        return PySet_Contains(own_names, name);
    default:
        return 0;
    }
}

static inline int
is_signature(PyObject *name)
{
    return PyUnicode_CompareWithASCIIString(name, "__signature__") == 0;
}

/* Read an attribute for which the call is to run, unless the code that asks only looks on. */
static PyObject *
get_attribute_of_pending(PyObject *self, PyObject *name)
{
    int in_python = is_traced() || is_signature(name) ? 1 : is_looked_at();
    if (in_python) {
        return in_python < 0 ? NULL
                             : PyObject_CallFunctionObjArgs(read_pending, self, name, asking_frame(), NULL);
    }
    PyObject *result = NULL, *value = run_for_name(self, name);
    if (value != NULL) {
        if (!enter(value)) {
            result = PyObject_GetAttr(value, name);
            leave(value);
        }
        Py_DECREF(value);
    }
    return result;
}

static int
is_named(PyObject *module, const char *name)
{
    return module != NULL && PyUnicode_Check(module) && PyUnicode_CompareWithASCIIString(module, name) == 0;
}

/* Say whether a log record may ask for the class, through the function of `abc` behind `isinstance`. */
static int
is_asked_by_logging(void)
{
    PyObject *module = asking_module();
    int is_asked = is_named(module, "abc");
    Py_XDECREF(module);
    PyFrameObject *frame = is_asked ? PyEval_GetFrame() : NULL, *caller = frame ? PyFrame_GetBack(frame) : NULL;
    if (caller == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    PyObject *globals = PyFrame_GetGlobals(caller);
    module = globals ? PyObject_GetItem(globals, dunder_name) : NULL;
    is_asked = is_named(module, "logging");
    Py_XDECREF(module);
    Py_XDECREF(globals);
    Py_DECREF(caller);
    if (PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_KeyError)) {
        PyErr_Clear();
    }
    return PyErr_Occurred() ? -1 : is_asked;
}

static PyObject *
get_own_attribute(PyObject *self, PyObject *name)
{
    int is_asked = name == dunder_class ? is_asked_by_logging() : 0;
    if (is_asked) {
        return is_asked < 0 ? NULL : PyObject_CallOneArg(read_class, self);
    }
    return PyObject_GenericGetAttr(self, name);
}

static PyObject *
get_attribute(PyObject *self, PyObject *name)
{
    int own = is_own(name);
    if (own) {
        return own < 0 ? NULL : get_own_attribute(self, name);
    }
    PyObject *value = get_field(self, VALUE);
    if (value == NULL) {
        return NULL;
    }
    PyObject *result;
    if (value == pending) {
        result = get_attribute_of_pending(self, name);
    }
    else if (enter(value)) {
        result = NULL;
    }
    else {
        /* What PyObject_GetAttr does, without the look at the name that it has had. */
        getattrofunc read = Py_TYPE(value)->tp_getattro;
        result = read ? read(value, name) : PyObject_GetAttr(value, name);
        leave(value);
        if (result == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)
            && is_signature(name)) {
            PyErr_Clear();
            result = PyObject_CallFunctionObjArgs(read_signature, value, asking_frame(), NULL);
        }
    }
    Py_DECREF(value);
    return result;
}

static int
set_attribute(PyObject *self, PyObject *name, PyObject *to)
{
    int own = is_own(name);
    if (own) {
        if (own > 0) {
            Py_XDECREF(PyObject_CallOneArg(refuse_own, name));
        }
        return -1;
    }
    PyObject *value = get_field(self, VALUE);
    if (value == pending) {
        int is_refused = refuse_onlooker(self, PyExc_AttributeError) < 0;
        Py_SETREF(value, is_refused ? NULL : run_for_name(self, name));
    }
    if (value == NULL) {
        return -1;
    }
    int failed = -1;
    if (!enter(value)) {
        failed = PyObject_SetAttr(value, name, to);
        leave(value);
    }
    Py_DECREF(value);
    return failed;
}

/* Operators. Each is applied to the values of both operands, whichever of them is the Await. */

/* Say whether the Python code that asks is at `left += right`, or another operator in place: Python tells a
 * reflected method nothing of it. */
static int
is_asked_in_place(void)
{
    PyFrameObject *frame = PyEval_GetFrame();
    if (frame == NULL) {
        return 0;
    }
    PyCodeObject *code = PyFrame_GetCode(frame);
    PyObject *instructions = PyCode_GetCode(code);
    int place = PyFrame_GetLasti(frame), is_in_place = 0;
    Py_DECREF(code);
    if (instructions == NULL) {
        PyErr_Clear();
        return 0;
    }
    if (place >= 0 && place + 1 < PyBytes_GET_SIZE(instructions)) {
        const unsigned char *instruction = (const unsigned char *)PyBytes_AS_STRING(instructions) + place;
        is_in_place = instruction[0] == BINARY_OP && NB_INPLACE_ADD <= instruction[1]
                      && instruction[1] <= NB_INPLACE_XOR;
    }
    Py_DECREF(instructions);
    return is_in_place;
}

/* An operator: as a function, the same in place, the slot for that, and its special methods. */
typedef struct {
    binaryfunc function, in_place;
    size_t slot;
    const char *operation, *reflected;
} Operator;

static int
can_change_in_place(PyObject *left, const Operator *op)
{
    PyNumberMethods *number = Py_TYPE(left)->tp_as_number;
    PySequenceMethods *sequence = Py_TYPE(left)->tp_as_sequence;
    return (op->in_place != NULL && number != NULL && *(binaryfunc *)((char *)number + op->slot) != NULL)
           || (op->in_place == PyNumber_InPlaceAdd && sequence != NULL && sequence->sq_inplace_concat != NULL)
           || (op->in_place == PyNumber_InPlaceMultiply && sequence != NULL
               && sequence->sq_inplace_repeat != NULL);
}

static inline PyObject *
apply(PyObject *left, PyObject *right, const Operator *op)
{
    binaryfunc function = op->function;
    const char *operation = op->operation;
    if (!is_await(left)) {
        operation = op->reflected;
        if (can_change_in_place(left, op) && is_asked_in_place()) {
            function = op->in_place;
        }
    }
    PyObject *result = NULL, *one = operand(left, operation);
    if (one != NULL) {
        PyObject *other = operand(right, operation);
        if (other != NULL) {
            PyObject *await = is_await(one) ? one : other;
            if (!enter(await)) {
                result = function(one, other);
                leave(await);
            }
            Py_DECREF(other);
        }
        Py_DECREF(one);
    }
    return result;
}

#define BINARY(name, function, in_place, slot, operation)                                        \
    static PyObject *name(PyObject *left, PyObject *right)                                       \
    {                                                                                            \
        static const Operator op = {function, in_place, offsetof(PyNumberMethods, slot),         \
                                    "__" operation "__", "__r" operation "__"};                  \
        return apply(left, right, &op);                                                          \
    }

BINARY(add, PyNumber_Add, PyNumber_InPlaceAdd, nb_inplace_add, "add")
BINARY(subtract, PyNumber_Subtract, PyNumber_InPlaceSubtract, nb_inplace_subtract, "sub")
BINARY(multiply, PyNumber_Multiply, PyNumber_InPlaceMultiply, nb_inplace_multiply, "mul")
BINARY(matrix_multiply, PyNumber_MatrixMultiply, PyNumber_InPlaceMatrixMultiply,
       nb_inplace_matrix_multiply, "matmul")
BINARY(true_divide, PyNumber_TrueDivide, PyNumber_InPlaceTrueDivide, nb_inplace_true_divide, "truediv")
BINARY(floor_divide, PyNumber_FloorDivide, PyNumber_InPlaceFloorDivide, nb_inplace_floor_divide, "floordiv")
BINARY(remainder_, PyNumber_Remainder, PyNumber_InPlaceRemainder, nb_inplace_remainder, "mod")
BINARY(divmod_, PyNumber_Divmod, NULL, nb_divmod, "divmod")
BINARY(left_shift, PyNumber_Lshift, PyNumber_InPlaceLshift, nb_inplace_lshift, "lshift")
BINARY(right_shift, PyNumber_Rshift, PyNumber_InPlaceRshift, nb_inplace_rshift, "rshift")
BINARY(and_, PyNumber_And, PyNumber_InPlaceAnd, nb_inplace_and, "and")
BINARY(xor_, PyNumber_Xor, PyNumber_InPlaceXor, nb_inplace_xor, "xor")
BINARY(or_, PyNumber_Or, PyNumber_InPlaceOr, nb_inplace_or, "or")

/* What the value alone answers: as a type of C, with what it answers after a failure. */
#define UNARY(type, name, failure, function, operation)      \
    static type name(PyObject *self)                         \
    {                                                        \
        PyObject *value = wait_for(self, operation);         \
        if (value == NULL) {                                 \
            return failure;                                  \
        }                                                    \
        type result = failure;                               \
        if (!enter(value)) {                                 \
            result = function(value);                        \
            leave(value);                                    \
        }                                                    \
        Py_DECREF(value);                                    \
        return result;                                       \
    }

UNARY(PyObject *, negative, NULL, PyNumber_Negative, "__neg__")
UNARY(PyObject *, positive, NULL, PyNumber_Positive, "__pos__")
UNARY(PyObject *, absolute, NULL, PyNumber_Absolute, "__abs__")
UNARY(PyObject *, invert, NULL, PyNumber_Invert, "__invert__")
UNARY(PyObject *, integer, NULL, PyNumber_Long, "__int__")
UNARY(PyObject *, floating, NULL, PyNumber_Float, "__float__")

static PyObject *
string(PyObject *self)
{
    PyObject *value = value_or_pending(self, "__str__");
    if (value == NULL) {
        return NULL;
    }
    PyObject *result = NULL;
    if (!enter(value)) {
        result = value == pending ? PyObject_Repr(self) : PyObject_Str(value);
        leave(value);
    }
    Py_DECREF(value);
    return result;
}

static int
boolean(PyObject *self)
{
    PyObject *value = value_or_pending(self, "__bool__");
    if (value == NULL) {
        return -1;
    }
    int result = -1;
    if (!enter(value)) {
        result = value == pending ? 1 : PyObject_IsTrue(value);
        leave(value);
    }
    Py_DECREF(value);
    return result;
}

static Py_ssize_t
length_of(PyObject *value)
{
    if (!PyType_HasFeature(Py_TYPE(value), Py_TPFLAGS_HEAPTYPE)
        || _PyType_Lookup(Py_TYPE(value), torch_function) == NULL) {
        return PyObject_Size(value);
    }
    PyObject *result = PyObject_CallFunctionObjArgs(length_of_tensor, value, asking_frame(), NULL);
    Py_ssize_t length = result ? PyLong_AsSsize_t(result) : -1;
    Py_XDECREF(result);
    return length;
}

UNARY(Py_ssize_t, length, -1, length_of, "__len__")

/* Return the value of an operand of a comparison; `pending` if an onlooker compares. */
static inline PyObject *
compared(PyObject *op, const char *operation)
{
    return is_await(op) ? value_or_pending(op, operation) : Py_NewRef(op);
}

static PyObject *
compare(PyObject *self, PyObject *other, int op)
{
    static const char *const operations[] = {
        [Py_LT] = "__lt__", [Py_LE] = "__le__", [Py_EQ] = "__eq__",
        [Py_NE] = "__ne__", [Py_GT] = "__gt__", [Py_GE] = "__ge__",
    };
    PyObject *result = NULL, *value = value_or_pending(self, operations[op]);
    if (value != NULL) {
        PyObject *against = compared(other, operations[op]);
        if (against != NULL) {
            if (value == pending || against == pending) {
                result = Py_NewRef(Py_NotImplemented);
            }
            else {
                result = PyObject_RichCompare(value, against, op); /* which looks at the depth itself */
            }
            Py_DECREF(against);
        }
        Py_DECREF(value);
    }
    return result;
}

/* Containers, iteration and calls. */

/* For an item by its number, Python's way leads through all that a key can be: a quarter of the time. */
static PyObject *
item_of(PyObject *value, PyObject *key)
{
    if (PyLong_CheckExact(key) && (PyList_CheckExact(value) || PyTuple_CheckExact(value))) {
        Py_ssize_t place = PyLong_AsSsize_t(key);
        if (place >= 0) {
            return Py_TYPE(value)->tp_as_sequence->sq_item(value, place);
        }
        PyErr_Clear(); /* one that is too large */
    }
    return PyObject_GetItem(value, key);
}

static PyObject *
get_item(PyObject *self, PyObject *key)
{
    static const Operator op = {item_of, NULL, 0, "__getitem__", NULL};
    return apply(self, key, &op);
}

/* The same for Python's own loops over a sequence, which has no `__iter__`. */
static PyObject *
get_item_at(PyObject *self, Py_ssize_t place)
{
    PyObject *key = PyLong_FromSsize_t(place), *item = key ? get_item(self, key) : NULL;
    Py_XDECREF(key);
    return item;
}

static int
set_item(PyObject *self, PyObject *key, PyObject *item)
{
    int failed = -1;
    const char *operation = item ? "__setitem__" : "__delitem__";
    PyObject *value = wait_for(self, operation);
    if (value != NULL) {
        PyObject *place = operand(key, operation);
        if (place != NULL) {
            if (!enter(value)) {
                failed = item ? PyObject_SetItem(value, place, item) : PyObject_DelItem(value, place);
                leave(value);
            }
            Py_DECREF(place);
        }
        Py_DECREF(value);
    }
    return failed;
}

static int
contains(PyObject *self, PyObject *item)
{
    int found = -1;
    PyObject *sought = operand(item, "__contains__");
    if (sought != NULL) {
        PyObject *value = wait_for(self, "__contains__");
        if (value != NULL) {
            if (!enter(value)) {
                found = PySequence_Contains(value, sought);
                leave(value);
            }
            Py_DECREF(value);
        }
        Py_DECREF(sought);
    }
    return found;
}

static PyObject *
iterate(PyObject *self)
{
    PyObject *value = get_field(self, VALUE);
    if (value == pending) {
        if (refuse_onlooker(self, PyExc_TypeError) < 0) {
            Py_DECREF(value);
            return NULL;
        }
        Py_SETREF(value, is_traced() ? PyObject_CallOneArg(run_for_iteration, self) : run(self));
        if (value == NULL && PyErr_ExceptionMatches(PyExc_StopIteration)) {
            raise_instead(swallowed, self, NULL); /* Python would take it for the end */
        }
    }
    if (value == NULL) {
        return NULL;
    }
    PyObject *iterator = NULL;
    if (!enter(value)) {
        iterator = PyObject_GetIter(value);
        leave(value);
    }
    Py_DECREF(value);
    return iterator;
}

static PyObject *
call(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = wait_for(self, "__call__");
    if (value == NULL) {
        return NULL;
    }
    PyObject *result = PyObject_Call(value, args, kwargs); /* which looks at the depth itself */
    Py_DECREF(value);
    return result;
}

/* What Python calls of the above. */

static PyObject *
run_checked(PyObject *module, PyObject *aw)
{
    return check_await(aw) ? run(aw) : NULL;
}

/* Call `act(aw)` while the calling thread holds the Await. */
static PyObject *
hold(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 2) {
        PyErr_SetString(PyExc_TypeError, "an Await and a function are needed");
        return NULL;
    }
    PyObject *aw = args[0], *result;
    if (!check_await(aw)) {
        return NULL;
    }
    Claim *claim;
    while ((claim = try_claim(aw, place_of_claim(aw))) == NULL) {
        if (PyErr_Occurred() || wait_for_holder_recorded(aw) < 0) {
            return NULL;
        }
    }
    Py_INCREF(aw);
    result = PyObject_CallOneArg(args[1], aw);
    end_claim(claim, NULL); /* of this no failure of a run comes */
    Py_DECREF(aw);
    return result;
}

static PyObject *
wait_for_holder_unrecorded(PyObject *module, PyObject *aw)
{
    if (!check_await(aw) || wait_for_holder(aw) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
is_running(PyObject *module, PyObject *aw)
{
    if (!check_await(aw)) {
        return NULL;
    }
    LOCK_CLAIMS();
    int is_held = *place_of_claim(aw) != NULL;
    UNLOCK_CLAIMS();
    return PyBool_FromLong(is_held);
}

static PyObject *
count_claims(PyObject *module, PyObject *unused)
{
    LOCK_CLAIMS();
    Py_ssize_t count = claims_under_way;
    UNLOCK_CLAIMS();
    return PyLong_FromSsize_t(count);
}

static PyObject *
forget_other_threads(PyObject *module, PyObject *unused)
{
#ifdef HAVE_FORK
    forget_claims_of_other_threads();
#endif
    Py_RETURN_NONE;
}

/* Whether there is a function that can be called. */
static int
has_call(PyObject *function)
{
    return function != nowait_function && function != released_function;
}

/* Drop the function and the arguments; return False if the value is not there any more. */
static PyObject *
forget_call(PyObject *module, PyObject *aw)
{
    if (!check_await(aw)) {
        return NULL;
    }
    int is_there = 0;
    PyObject *dropped[] = {NULL, NULL, NULL};
    PyObject **fields = ((AwaitBase *)aw)->fields;
    Py_BEGIN_CRITICAL_SECTION(aw);
    if (fields[VALUE] != pending) {
        is_there = 1;
        dropped[0] = fields[FUNCTION];
        dropped[1] = fields[ARGS];
        dropped[2] = fields[KWARGS];
        fields[FUNCTION] = Py_NewRef(has_call(fields[FUNCTION]) ? released_function : fields[FUNCTION]);
        fields[ARGS] = Py_NewRef(Py_None);
        fields[KWARGS] = Py_NewRef(no_keywords);
    }
    Py_END_CRITICAL_SECTION();
    for (size_t i = 0; i < Py_ARRAY_LENGTH(dropped); i++) {
        Py_XDECREF(dropped[i]); /* last, as this can run any code */
    }
    return PyBool_FromLong(is_there);
}

/* Make the Await pending again, if it still has its call. */
static PyObject *
forget_value(PyObject *module, PyObject *aw)
{
    if (!check_await(aw)) {
        return NULL;
    }
    PyObject *dropped = NULL;
    PyObject **fields = ((AwaitBase *)aw)->fields;
    Py_BEGIN_CRITICAL_SECTION(aw);
    if (has_call(fields[FUNCTION])) {
        dropped = fields[VALUE];
        fields[VALUE] = Py_NewRef(pending);
    }
    Py_END_CRITICAL_SECTION();
    Py_XDECREF(dropped);
    Py_RETURN_NONE;
}

/* The class that Await is derived from. */

static int
traverse(PyObject *self, visitproc visit, void *arg)
{
    for (int field = 0; field < FIELDS; field++) {
        Py_VISIT(((AwaitBase *)self)->fields[field]);
    }
    return 0;
}

static int
clear(PyObject *self)
{
    for (int field = 0; field < FIELDS; field++) {
        Py_CLEAR(((AwaitBase *)self)->fields[field]);
    }
    return 0;
}

static void
deallocate(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    PyObject_ClearWeakRefs(self); /* which knows how to ask whether there are any */
    clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyNumberMethods as_number = {
    .nb_add = add,
    .nb_subtract = subtract,
    .nb_multiply = multiply,
    .nb_matrix_multiply = matrix_multiply,
    .nb_true_divide = true_divide,
    .nb_floor_divide = floor_divide,
    .nb_remainder = remainder_,
    .nb_divmod = divmod_,
    .nb_lshift = left_shift,
    .nb_rshift = right_shift,
    .nb_and = and_,
    .nb_xor = xor_,
    .nb_or = or_,
    .nb_negative = negative,
    .nb_positive = positive,
    .nb_absolute = absolute,
    .nb_invert = invert,
    .nb_bool = boolean,
};

static PyTypeObject base_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "awaits._state.slots.AwaitBase",
    .tp_doc = "What an Await holds, and what it forwards most often.",
    .tp_basicsize = sizeof(AwaitBase),
    .tp_weaklistoffset = offsetof(AwaitBase, weakrefs),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC
                | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_dealloc = deallocate,
    .tp_getattro = get_attribute,
    .tp_setattro = set_attribute,
    .tp_richcompare = compare,
    .tp_str = string,
    .tp_as_number = &as_number,
};

/* What else there is here, for the classes of Awaits whose W has it. */
static PyObject *
make_class(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    static const struct {
        const char *name;
        PyType_Slot slots[2];
    } offers[] = {
        {"__call__", {{Py_tp_call, call}}},
        {"__iter__", {{Py_tp_iter, iterate}}},
        {"__len__", {{Py_mp_length, length}, {Py_sq_length, length}}},
        {"__getitem__", {{Py_mp_subscript, get_item}}},
        {"PySequence_Check", {{Py_sq_item, get_item_at}}},
        {"__setitem__", {{Py_mp_ass_subscript, set_item}}},
        {"__contains__", {{Py_sq_contains, contains}}},
        {"__int__", {{Py_nb_int, integer}}},
        {"__float__", {{Py_nb_float, floating}}},
    };
    if (n != 2 || !PyType_Check(args[0]) || !PyAnySet_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "a class and a set of names are needed");
        return NULL;
    }
    PyType_Slot slots[2 * Py_ARRAY_LENGTH(offers) + 1], *next = slots;
    for (size_t i = 0; i < Py_ARRAY_LENGTH(offers); i++) {
        PyObject *name = PyUnicode_FromString(offers[i].name);
        int is_offered = name ? PySet_Contains(args[1], name) : -1;
        Py_XDECREF(name);
        if (is_offered < 0) {
            return NULL;
        }
        for (int j = 0; is_offered && j < 2 && offers[i].slots[j].slot; j++) {
            *next++ = offers[i].slots[j];
        }
    }
    *next = (PyType_Slot){0, NULL};
    PyType_Spec spec = {.name = "awaits.Await", .flags = Py_TPFLAGS_DEFAULT, .slots = slots};
    return PyType_FromSpecWithBases(&spec, args[0]);
}

/* The function that makes Awaits. */

static PyObject *
keywords_of(PyObject *names, PyObject *const *values)
{
    if (names == NULL || !PyTuple_GET_SIZE(names)) {
        return Py_NewRef(no_keywords);
    }
    PyObject *keywords = PyDict_New();
    for (Py_ssize_t i = 0; keywords != NULL && i < PyTuple_GET_SIZE(names); i++) {
        if (PyDict_SetItem(keywords, PyTuple_GET_ITEM(names, i), values[i]) < 0) {
            Py_CLEAR(keywords);
        }
    }
    return keywords;
}

static PyObject *
awaitable(PyObject *module, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (!n || !PyCallable_Check(args[0])) {
        return PyObject_Vectorcall(reference_awaitable, args, n, names); /* which says what is wrong */
    }
    PyObject *result = NULL, *rest = PyTuple_New(n - 1), *keywords = keywords_of(names, args + n);
    if (rest != NULL && keywords != NULL) {
        for (Py_ssize_t i = 1; i < n; i++) {
            PyTuple_SET_ITEM(rest, i - 1, Py_NewRef(args[i]));
        }
        result = make(args[0], rest, keywords, pending);
    }
    Py_XDECREF(rest);
    Py_XDECREF(keywords);
    return result;
}

static PyMethodDef awaitable_definition = {
    "awaitable", _PyCFunction_CAST(awaitable), METH_FASTCALL | METH_KEYWORDS, NULL};

/* Return `awaitable` as it is in Python, with its documentation and its module, but compiled. */
static PyObject *
compile_awaitable(PyObject *module, PyObject *reference)
{
    static char documentation[1000];
    PyObject *doc = PyObject_GetAttrString(reference, "__doc__");
    PyObject *result = NULL;
    if (doc != NULL) {
        PyOS_snprintf(documentation, sizeof documentation, "awaitable(func, /, *args, **kwargs)\n--\n\n%s",
                      PyUnicode_Check(doc) ? PyUnicode_AsUTF8(doc) : "");
        awaitable_definition.ml_doc = documentation;
        reference_awaitable = Py_NewRef(reference);
        PyObject *name = PyUnicode_FromString("awaits");
        if (name != NULL) {
            result = PyCFunction_NewEx(&awaitable_definition, NULL, name);
            Py_DECREF(name);
        }
        Py_DECREF(doc);
    }
    return result;
}

/* The module. */

/* What is connected is of one import in one interpreter. Another is told that it must do without. Imports do
 * not come at the same time, as interpreters that have a GIL of their own cannot load this. */
static PyObject *
claim(PyObject *module, PyObject *unused)
{
    static int is_claimed;
    int is_first = !is_claimed;
    is_claimed = 1;
    return PyBool_FromLong(is_first);
}

static PyObject *
connect(PyObject *module, PyObject *args, PyObject *named)
{
#define ENTRY(name) {#name, &name},
    static const struct {
        const char *name;
        PyObject **place;
    } entries[] = {FROM_PYTHON(ENTRY)};
    PyObject *given[Py_ARRAY_LENGTH(entries)];
    for (size_t i = 0; i < Py_ARRAY_LENGTH(entries); i++) {
        given[i] = named ? PyDict_GetItemString(named, entries[i].name) : NULL;
        if (given[i] == NULL) {
            return PyErr_Format(PyExc_TypeError, "connect() needs %s", entries[i].name);
        }
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(entries); i++) {
        *entries[i].place = Py_NewRef(given[i]); /* for as long as the process lives */
    }
    Py_RETURN_NONE;
}

static PyObject *
tell_of_new(PyObject *module, PyObject *wanted)
{
    static PyObject *kept; /* for as long as the process lives, as another thread may call it just now */
    if (wanted != Py_None && wanted != kept) {
        kept = Py_NewRef(wanted);
    }
#ifdef Py_GIL_DISABLED
    _Py_atomic_store_ptr_release(&hear, wanted == Py_None ? NULL : kept);
#else
    hear = wanted == Py_None ? NULL : kept;
#endif
    Py_RETURN_NONE;
}

#define ACCESSORS(name)                                            \
    {"get_" #name, get_##name, METH_O, NULL},                      \
    {"set_" #name, _PyCFunction_CAST(set_##name), METH_FASTCALL, NULL}

static PyMethodDef functions[] = {
    ACCESSORS(function),
    ACCESSORS(args),
    ACCESSORS(kwargs),
    ACCESSORS(outcome),
    ACCESSORS(value),
    {"new", _PyCFunction_CAST(new), METH_FASTCALL, NULL},
    {"is_await", asked_is_await, METH_O, NULL},
    {"make_class", _PyCFunction_CAST(make_class), METH_FASTCALL, NULL},
    {"claim", claim, METH_NOARGS, NULL},
    {"connect", _PyCFunction_CAST(connect), METH_VARARGS | METH_KEYWORDS, NULL},
    {"run", run_checked, METH_O, NULL},
    {"hold", _PyCFunction_CAST(hold), METH_FASTCALL, NULL},
    {"wait_for_holder", wait_for_holder_unrecorded, METH_O, NULL},
    {"is_running", is_running, METH_O, NULL},
    {"count_claims", count_claims, METH_NOARGS, NULL},
    {"forget_other_threads", forget_other_threads, METH_NOARGS, NULL},
    {"forget_call", forget_call, METH_O, NULL},
    {"forget_value", forget_value, METH_O, NULL},
    {"tell_of_new", tell_of_new, METH_O, NULL},
    {"forget_last_ordinary", forget_last_ordinary, METH_NOARGS, NULL},
    {"compile_awaitable", compile_awaitable, METH_O, NULL},
    {NULL},
};

static int
execute(PyObject *module)
{
    no_keywords = PyDict_New();
    torch_function = PyUnicode_InternFromString("__torch_function__");
    dunder_name = PyUnicode_InternFromString("__name__");
    dunder_class = PyUnicode_InternFromString("__class__");
    dunder_origin = PyUnicode_InternFromString("__origin__");
    name_func = PyUnicode_InternFromString("func");
    name_return = PyUnicode_InternFromString("return");
#ifdef HAVE_FORK
    process_of_claims = getpid();
#endif
    if (no_keywords == NULL || torch_function == NULL || dunder_name == NULL
        || dunder_class == NULL || dunder_origin == NULL || name_func == NULL || name_return == NULL) {
        return -1;
    }
    return PyModule_AddType(module, &base_type);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, execute},
#ifdef Py_mod_multiple_interpreters /* what is connected is that of one interpreter */
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "awaits._state._core",
    .m_doc = "The compiled part of awaits.",
    .m_methods = functions,
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit__core(void)
{
    return PyModuleDef_Init(&module_definition);
}
