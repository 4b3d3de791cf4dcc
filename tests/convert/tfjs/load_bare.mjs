// What a stranger writes: tf.loadGraphModel(url) and nothing of edgeproof.
//
//   node load_bare.mjs WEB_FOLDER URL    reads {shape, values} on stdin, prints the first output
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [webFolder, url] = process.argv.slice(2);
const require = createRequire(join(webFolder, 'package.json'));
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');

const { shape, values } = JSON.parse(readFileSync(0, 'utf8'));
const model = await loadGraphModel(url);
const output = model.predict(tf.tensor(values, shape));
console.log(JSON.stringify(Array.from(await output.data())));
