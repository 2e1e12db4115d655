// Runs pytest in Pyodide, CPython compiled to WebAssembly: node run.mjs SITE-PACKAGES [pytest's arguments]
// The libraries are those of the host's environment. What is compiled in them does not load here and is not needed.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadPyodide } from '../../.pyodide/node_modules/pyodide/pyodide.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const [libraries, ...args] = process.argv.slice(2)
const python = await loadPyodide()
for (const [at, host] of [['/checkout', root], ['/libraries', path.resolve(libraries)], ['/host', path.join(root, '.pyodide')]]) {
  python.FS.mkdirTree(at)
  python.FS.mount(python.FS.filesystems.NODEFS, { root: host }, at)
}
python.globals.set('ARGUMENTS', python.toPy(args))
process.exitCode = await python.runPythonAsync(`
import os
import sys

sys.path[:0] = ["/checkout", "/libraries"]
sys.pycache_prefix = "/host/bytecode"
os.chdir("/checkout")
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
# By the environment, as tests run pytest within this process too.
os.environ["PYTEST_PLUGINS"] = "replaydisputes.pytest_plugin,tests.wasm.needs"
import pytest

print(sys.version, sys.platform)
# The project's configuration sets options of plugins that are not loaded here.
alone = ["-c", "/dev/null", "--rootdir", "/checkout", "-W", "error", "-p", "no:cacheprovider"]
int(pytest.main([*alone, *ARGUMENTS]))
`)
