import type { Deployment } from '../config/deployment.ts';
import type { Settings } from '../config/settings.ts';
import type { VenueSettings } from './index.ts';
import { limiterScopesOf } from './index.ts';

/** Keys of the simulated venue's account: it runs on loopback, so they are no secret. */
export const SIMULATED_KEYS = { apiKey: 'keel-simulated-key', secret: 'keel-simulated-secret' } as const;

/** Where the deployment's venue is reached and with which keys. */
export function venueSettingsOf(settings: Settings, deployment: Pick<Deployment, 'mode'>): VenueSettings {
  const isSimulated = deployment.mode === 'sim' || deployment.mode === 'replay' || deployment.mode === 'paper';
  const restUrl = isSimulated ? (settings.venueUrl ?? `http://127.0.0.1:${settings.venuePort}`) : settings.venueUrl;
  const controlUrl = isSimulated ? (settings.venueControlUrl ?? `http://127.0.0.1:${settings.venueControlPort}`) : undefined;
  return {
    mode: deployment.mode,
    apiKey: isSimulated ? SIMULATED_KEYS.apiKey : (settings.venueApiKey ?? ''),
    secret: isSimulated ? SIMULATED_KEYS.secret : (settings.venueApiSecret ?? ''),
    ...(restUrl === undefined ? {} : { restUrl }),
    ...(controlUrl === undefined ? {} : { controlUrl }),
  };
}

/** Names the venue account: one portfolio each. The key's hash stands for it. */
export function venueAccountOf(settings: VenueSettings): string {
  return limiterScopesOf(settings).account;
}
