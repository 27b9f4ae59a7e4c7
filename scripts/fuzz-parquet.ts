/**
 * Reads damaged Parquet files by the thousand: `node scripts/fuzz-parquet.ts [count] [seed]`. A failure names its seed;
 * `node scripts/fuzz-parquet.ts 1 <seed>` replays it.
 * @module
 */
import { fuzz } from '../test/codecs/parquet/fuzz.ts'

const count = Number(process.argv[2] ?? 100_000)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000)
console.log(`${count} files from seed ${seed}`)
const started = performance.now()
const report = await fuzz(count, seed, (done) => {
  if (done % 10_000 === 0) console.log(`${done} in ${((performance.now() - started) / 1000).toFixed(0)} s`)
})
console.log(
  `${report.files} damaged files: ${report.readable} still gave values, the others a typed error; ` +
    `slowest ${report.slowestMs.toFixed(0)} ms, most memory ${(report.mostBytes / 2 ** 20).toFixed(0)} MB`,
)
