/** TensorFlow.js backend in plain JavaScript. Registers itself on import. */
import "@tensorflow/tfjs-backend-cpu";
