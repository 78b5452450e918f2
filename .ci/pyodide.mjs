// The runtime tests on Pyodide's CPython: node .ci/pyodide.mjs WORK CHECKOUT, where WORK has pyodide in
// node_modules/, and in site/ what the tests import.
import { readFileSync } from "node:fs";

const [work, checkout] = process.argv.slice(2);
const { loadPyodide } = await import(`${work}/node_modules/pyodide/pyodide.mjs`);
const python = await loadPyodide();
for (const [seen, root] of [["/site", `${work}/site`], ["/checkout", checkout]]) {
  python.FS.mkdir(seen);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, seen);
}
// Not runPythonAsync, which has JavaScript's event loop running around all tests.
process.exitCode = python.runPython(readFileSync(new URL("pyodide.py", import.meta.url), "utf8"));
