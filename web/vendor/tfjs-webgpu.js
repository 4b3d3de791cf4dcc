/** TensorFlow.js backend on the graphics card through WebGPU. Registers itself on import. */
import "@tensorflow/tfjs-backend-webgpu";
