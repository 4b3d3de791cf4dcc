/** TensorFlow.js backend in WebAssembly. Registers itself on import. */
import "@tensorflow/tfjs-backend-wasm";
export { getThreadsCount, setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
