/** LiteRT.js: the very .tflite files that boards run. */
export { Environment, loadLiteRt, Tensor } from "@litertjs/core";
export { version } from "@litertjs/core/package.json";
