/**
 * Sources of market data, each a factory of its own name. Nothing is loaded from the network or from disk until a
 * provider is asked.
 *
 * Not exported on purpose: the HTTP engine, which the client makes, and the capability tables, which every provider
 * carries as `capabilities`.
 * @module
 */
export { binance } from './binance.ts'
export { type FileOptions, file } from './file.ts'
export { type SyntheticOptions, synthetic } from './synthetic.ts'
export { yahoo } from './yahoo.ts'

export { type BarRow, barPage } from './columns.ts'
export {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type HttpProviderSpec,
  type Keys,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
export { classifyByStatus } from './http/status.ts'
