/**
 * What pairs are quoted in, as tables.
 * @module
 */

/** Tokens pegged to a currency, longest first so that an ending is found whole; never the same as the currency. */
export const STABLECOINS: readonly string[] = ['FDUSD', 'PYUSD', 'USDT', 'USDC', 'TUSD', 'BUSD', 'USDP', 'USDD', 'DAI']

/** Currencies by ISO 4217 that pairs are quoted in. */
export const CURRENCIES: readonly string[] = [
  'USD', 'EUR', 'GBP', 'JPY', 'CHF', 'AUD', 'CAD', 'NZD', 'SEK', 'NOK', 'DKK', 'PLN', 'CZK', 'HUF', 'TRY', 'ZAR', 'MXN',
  'BRL', 'INR', 'CNY', 'CNH', 'HKD', 'SGD', 'KRW', 'THB', 'ILS', 'RUB', 'IDR', 'PHP', 'MYR', 'TWD', 'RON', 'BGN', 'ISK',
  'SAR', 'AED', 'CLP', 'COP', 'PEN', 'ARS', 'UAH',
]
