/** TensorFlow.js backend in WebAssembly. Registers itself on import. */
import "@tensorflow/tfjs-backend-wasm";
export { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
