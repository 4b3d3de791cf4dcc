/** TensorFlow.js on the graphics card through WebGPU. Its backend registers itself on import. */
import "@tensorflow/tfjs-backend-webgpu";
export * from "./tfjs.js";
