/** Constructor options that point the unmodified ccxt class `binanceusdm` (REST or `pro`) at one host and nowhere else. */

/** Every REST address of the class, by its name in `urls.api`, with its path. @source ccxt 4.5.84, `binance.describe()`. */
const REST_PATHS = {
  sapi: '/sapi/v1', sapiV2: '/sapi/v2', sapiV3: '/sapi/v3', sapiV4: '/sapi/v4',
  dapiPublic: '/dapi/v1', dapiPrivate: '/dapi/v1', dapiPrivateV2: '/dapi/v2', dapiData: '/futures/data',
  eapiPublic: '/eapi/v1', eapiPrivate: '/eapi/v1',
  fapiPublic: '/fapi/v1', fapiPublicV2: '/fapi/v2', fapiPublicV3: '/fapi/v3',
  fapiPrivate: '/fapi/v1', fapiPrivateV2: '/fapi/v2', fapiPrivateV3: '/fapi/v3', fapiData: '/futures/data',
  public: '/api/v3', private: '/api/v3', v1: '/api/v1', papi: '/papi/v1', papiV2: '/papi/v2',
} as const;

const STREAM_NAMES = ['spot', 'margin', 'future', 'delivery', 'stock', 'option', 'optionMarket', 'optionPrivate', 'papi'] as const;
const STREAM_API_NAMES = ['spot', 'future', 'delivery'] as const;

export interface CcxtHost {
  /** Origin of the REST API, without a slash at its end: `http://127.0.0.1:7001`. */
  readonly url: string;
  /** Origin of the streams: `ws://127.0.0.1:7001`. */
  readonly wsUrl: string;
  readonly apiKey: string;
  readonly secret: string;
}

export interface CcxtOptions {
  readonly apiKey: string;
  readonly secret: string;
  /** Exact numbers. */
  readonly number: StringConstructor;
  /** ccxt's own throttle counts an order as 200 ms; Keel keeps the venue's limits itself. */
  readonly enableRateLimit: false;
  readonly has: { readonly fetchCurrencies: false };
  readonly options: { readonly fetchCurrencies: false };
  readonly urls: { readonly api: Readonly<Record<string, unknown>> };
}

/** Options common to every host. */
export function ccxtBaseOptions(keys: { readonly apiKey: string; readonly secret: string }): Omit<CcxtOptions, 'urls'> {
  return {
    apiKey: keys.apiKey, secret: keys.secret, number: String, enableRateLimit: false,
    has: { fetchCurrencies: false }, options: { fetchCurrencies: false },
  };
}

/** Options with every address replaced: the class contacts no other host. */
export function ccxtOptions(host: CcxtHost): CcxtOptions {
  const rest = Object.fromEntries(Object.entries(REST_PATHS).map(([name, path]) => [name, `${host.url}${path}`]));
  const streams = Object.fromEntries(STREAM_NAMES.map((name) => [name, `${host.wsUrl}/ws`]));
  const streamApis = Object.fromEntries(STREAM_API_NAMES.map((name) => [name, `${host.wsUrl}/ws-api`]));
  return { ...ccxtBaseOptions(host), urls: { api: { ...rest, ws: { ...streams, 'ws-api': streamApis } } } };
}
