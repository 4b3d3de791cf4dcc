/** The same with what `tfjs-layers-*` variants need. */
export * from "./layers.js";
export * from "./tfjs-webgl.js";
