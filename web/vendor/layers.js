/** What layers models need beside an engine. */
// layers call ops as methods of tensors (x.add(y)), which graph models never do
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
export { loadLayersModel } from "@tensorflow/tfjs-layers";
