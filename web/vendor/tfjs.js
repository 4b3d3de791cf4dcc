/** TensorFlow.js: tensors and graph models, the part that every engine holds. */
// platform and flags; what the package's index would also register is for training
import "@tensorflow/tfjs-core/dist/base_side_effects";
export {
  backend,
  env,
  getBackend,
  memory,
  ready,
  setBackend,
  tensor,
  version_core as version,
} from "@tensorflow/tfjs-core";
export { loadGraphModelSync } from "@tensorflow/tfjs-converter";
