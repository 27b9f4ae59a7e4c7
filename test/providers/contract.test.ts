import { describe, test } from 'vitest'
import { type VendorModel, providerContract } from '../../src/testkit/index.ts'
import * as models from './models.ts'

const MODELS: Readonly<Record<string, () => VendorModel>> = {
  binance: models.binanceModel,
  'binance futures': models.binanceFuturesModel,
  'binance archive': models.binanceArchiveModel,
  'yahoo, minutes': models.yahooMinutes,
  'yahoo, days': models.yahooDays,
  cryptocompare: models.cryptocompareModel,
  coingecko: models.coingeckoModel,
  alphavantage: models.alphavantageModel,
}

describe.each(Object.entries(MODELS))('%s', (_, model) => {
  providerContract(model, { test })
})
