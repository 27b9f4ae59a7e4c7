/** The few names that the benches use of peers whose types are not installed with the package. */
declare module 'nodejs-polars' {
  interface DataFrame {
    readonly height: number
    slice(offset: number, length: number): DataFrame
    vstack(other: DataFrame): DataFrame
    writeIPC(options?: { compression?: 'uncompressed' }): Uint8Array
    writeParquet(path: string, options?: { compression?: 'uncompressed' | 'snappy' | 'zstd' }): void
  }
  interface LazyDataFrame {
    slice(offset: number, length: number): LazyDataFrame
    filter(predicate: unknown): LazyDataFrame
    collectSync(): DataFrame
  }
  const polars: {
    readParquet(path: string): DataFrame
    scanParquet(path: string): LazyDataFrame
    readIPC(bytes: Uint8Array): DataFrame
    concat(frames: readonly DataFrame[]): DataFrame
    col(name: string): { gtEq(value: unknown): unknown; lt(value: unknown): unknown; cast(type: unknown): unknown }
    lit(value: unknown): unknown
  }
  export default polars
}

declare module 'parquet-wasm/node' {
  interface WasmTable {
    intoIPCStream(): Uint8Array
  }
  export function readParquet(bytes: Uint8Array, options?: { offset?: number; limit?: number }): WasmTable
}
