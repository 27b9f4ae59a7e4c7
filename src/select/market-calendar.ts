/**
 * Which calendar an instrument trades by, as tables.
 * @module
 */
import type { AssetClass } from '../contract/series.ts'
import { classify } from './classify.ts'

/** Exchange -> calendar, where there is one. */
const MIC_CALENDARS: Readonly<Record<string, string>> = {
  XLON: 'XLON',
  XETR: 'XETR',
  XFRA: 'XETR',
  XTKS: 'XTKS',
  XHKG: 'XHKG',
}

/** Kind of instrument -> calendar, where the symbol names no exchange. Listings without a suffix are American. */
const CLASS_CALENDARS: Readonly<Record<AssetClass, string>> = {
  crypto: '24/7',
  equity: 'XNYS',
  etf: 'XNYS',
  index: 'XNYS',
  fund: 'XNYS',
  option: 'XNYS',
  forex: 'FX',
  future: 'CMES',
  rate: 'weekdays',
}

/** Index -> calendar of its home exchange. */
const INDEX_CALENDARS: Readonly<Record<string, string>> = {
  '^FTSE': 'XLON',
  '^FTMC': 'XLON',
  '^GDAXI': 'XETR',
  '^MDAXI': 'XETR',
  '^STOXX50E': 'XETR',
  '^N225': 'XTKS',
  '^HSI': 'XHKG',
  '^HSCE': 'XHKG',
  '^FCHI': 'weekdays',
  '^AEX': 'weekdays',
  '^SSMI': 'weekdays',
  '^IBEX': 'weekdays',
  '^AXJO': 'weekdays',
  '^BSESN': 'weekdays',
  '^NSEI': 'weekdays',
  '^KS11': 'weekdays',
  '^TWII': 'weekdays',
  '^BVSP': 'weekdays',
  '^GSPTSE': 'weekdays',
}

/** Root of a future -> calendar, where it is not the general one of the exchange group. */
const FUTURE_CALENDARS: Readonly<Record<string, string>> = {
  ES: 'GLOBEX_EQ',
  NQ: 'GLOBEX_EQ',
  YM: 'GLOBEX_EQ',
  RTY: 'GLOBEX_EQ',
  MES: 'GLOBEX_EQ',
  MNQ: 'GLOBEX_EQ',
  MYM: 'GLOBEX_EQ',
  M2K: 'GLOBEX_EQ',
  CL: 'NYMEX',
  NG: 'NYMEX',
  HO: 'NYMEX',
  RB: 'NYMEX',
  MCL: 'NYMEX',
  BZ: 'NYMEX',
}

/**
 * Name of the calendar of an instrument.
 * @param isGiven is there a calendar of the caller by this name? One by the code of the exchange serves its listings
 */
export function marketCalendar(symbol: string, assetClass: AssetClass, isGiven?: (name: string) => boolean): string {
  const { mic } = classify(symbol)
  if (mic !== undefined && assetClass !== 'crypto')
    return isGiven?.(mic) === true ? mic : (MIC_CALENDARS[mic] ?? 'weekdays')
  if (assetClass === 'index') return INDEX_CALENDARS[symbol] ?? CLASS_CALENDARS.index
  if (assetClass === 'future') return FUTURE_CALENDARS[/^[A-Z0-9]+/.exec(symbol)?.[0] ?? ''] ?? CLASS_CALENDARS.future
  return CLASS_CALENDARS[assetClass]
}
