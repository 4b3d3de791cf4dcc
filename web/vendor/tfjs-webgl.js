/** TensorFlow.js on the graphics card. Its backend registers itself on import. */
import "@tensorflow/tfjs-backend-webgl";
export * from "./tfjs.js";
