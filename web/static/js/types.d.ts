/** The shapes of `bundle.json` (edge/manifest.py) and of what the modules hand to each other. */

export interface InputContract {
  height: number;
  width: number;
  color: "gray" | "rgb";
  fit: "stretch" | "crop" | "pad";
  background: number[];
  scale: number[];
  offset: number[];
}

export interface FileEntry {
  path: string;
  bytes: number;
  sha256: string;
}

export interface TensorSpec {
  name: string;
  dtype: string;
  shape: (number | null)[];
}

export interface Variant {
  id: string;
  entry: string;
  files: FileEntry[];
  inputs: TensorSpec[];
  outputs: TensorSpec[];
}

export type Scores = "softmax" | "logits" | "sigmoid" | "values";

export interface Manifest {
  schema_version: number;
  name: string;
  task: "image-classification" | "other";
  labels: string[];
  input: InputContract | null;
  output: { scores: Scores };
  model_inputs: TensorSpec[];
  model_outputs: TensorSpec[];
  variants: Variant[];
  skipped: { id: string; reason: string }[];
  golden: {
    source: string;
    inputs: FileEntry[];
    outputs: FileEntry[];
    files: { file: FileEntry; description: string }[];
    file_images: FileEntry | null;
    file_outputs: FileEntry | null;
  };
}

/** Straight (not premultiplied) RGBA pixels, row by row. */
export interface Pixels {
  width: number;
  height: number;
  rgba: Uint8Array | Uint8ClampedArray;
}

export type TensorData = Float32Array | Int32Array | Uint8Array;

export interface Tensor {
  shape: number[];
  data: TensorData;
}

export interface NamedTensor {
  name: string;
  shape: number[];
  data: Float32Array;
}

export interface Faults {
  /** The first so far; null while there is none. */
  first(): string | null;
  /** Has each told to one listener from now on. */
  tell(listener: (fault: string) => void): void;
}

/** A loaded model. `run` gives the outputs in the variant's order. */
export interface Model {
  run(inputs: Tensor[]): Promise<NamedTensor[]>;
  dispose(): void;
}

/** What executes a model. Everything else gets its engine as an argument. */
export interface Engine {
  name: string;
  /** The library's name and version. */
  version: string;
  /** Programs that the graphics card was asked to run so far; null where none is used. */
  gpuCalls: (() => number) | null;
  /** What the graphics card refused to do; null where nothing tells. */
  faults: Faults | null;
  load(variant: Variant, files: Map<string, Uint8Array<ArrayBuffer>>): Promise<Model>;
  liveTensors(): number;
}

declare global {
  // what Playwright drives on /verify.html
  var edgeproofVerify: Record<string, (...args: any[]) => Promise<any>>;
}
