/** TensorFlow.js backend on the graphics card. Registers itself on import. */
import "@tensorflow/tfjs-backend-webgl";
