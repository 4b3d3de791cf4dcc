/** TensorFlow.js in WebAssembly. Its backend registers itself on import. */
import "@tensorflow/tfjs-backend-wasm";
export * from "./tfjs.js";
export { getThreadsCount, setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
