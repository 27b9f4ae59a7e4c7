import { describe, test } from 'vitest'
import { type VendorModel, providerContract } from '../../src/testkit/index.ts'
import { binanceModel, yahooDays, yahooMinutes } from './models.ts'

const MODELS: Readonly<Record<string, () => VendorModel>> = {
  binance: binanceModel,
  'yahoo, minutes': yahooMinutes,
  'yahoo, days': yahooDays,
}

describe.each(Object.entries(MODELS))('%s', (_, model) => {
  providerContract(model, { test })
})
