// The names of the layer classes that TF.js can load, as JSON: node list_layers.mjs WEB_FOLDER
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.argv[2], 'package.json'));
const { layers } = require('@tensorflow/tfjs-layers');
const { serialization } = require('@tensorflow/tfjs-core');

const known = serialization.SerializationMap.getMap().classNameMap;
const names = Object.keys(known).filter((name) => known[name][0].prototype instanceof layers.Layer);
console.log(JSON.stringify(names));
