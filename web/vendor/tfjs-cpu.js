/** TensorFlow.js in plain JavaScript. Its backend registers itself on import. */
import "@tensorflow/tfjs-backend-cpu";
export * from "./tfjs.js";
