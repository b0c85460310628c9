import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../config/settings.ts';
import { clientConnectionOptions, engineUiUrl, temporalConnectionOptions } from '../../../config/temporal.ts';
import { testHome } from '../../support/processes.ts';

function pem(name: string): string {
  const path = join(testHome(), name);
  writeFileSync(path, name);
  return path;
}

describe('connection options', () => {
  it.each([[{}, '127.0.0.1:17233'], [{ KEEL_ENGINE_PORT: '7' }, '127.0.0.1:7'], [{ TEMPORAL_ADDRESS: 'localhost:7233' }, 'localhost:7233'], [{ TEMPORAL_ADDRESS: '[::1]:7233' }, '[::1]:7233']])('on loopback (%j) nothing is compressed or encrypted', (env, address) => {
    expect(temporalConnectionOptions(loadSettings(env))).toEqual({ address, tls: false, grpcCompression: { codec: 'none' } });
    expect(clientConnectionOptions(loadSettings(env))).toEqual({ address, tls: false, channelArgs: { 'grpc.default_compression_algorithm': 0 } });
  });

  it('elsewhere compression stays', () => {
    expect(temporalConnectionOptions(loadSettings({ TEMPORAL_ADDRESS: 'engine.example:7233' }))).toEqual({ address: 'engine.example:7233', tls: false });
  });

  it('reads certificates and turns TLS on', () => {
    const settings = loadSettings({
      TEMPORAL_ADDRESS: 'e.example:7233', TEMPORAL_TLS_CLIENT_CERT_PATH: pem('cert'), TEMPORAL_TLS_CLIENT_KEY_PATH: pem('key'),
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: pem('ca'), TEMPORAL_TLS_SERVER_NAME: 'name.example',
    });
    expect(clientConnectionOptions(settings).tls).toEqual({
      serverNameOverride: 'name.example', serverRootCACertificate: Buffer.from('ca'), clientCertPair: { crt: Buffer.from('cert'), key: Buffer.from('key') },
    });
  });

  it('an API key means TLS, unless it is turned off', () => {
    expect(clientConnectionOptions(loadSettings({ TEMPORAL_ADDRESS: 'c.example:7233', TEMPORAL_API_KEY: 'k' }))).toMatchObject({ apiKey: 'k', tls: {} });
    expect(clientConnectionOptions(loadSettings({ TEMPORAL_ADDRESS: 'c.example:7233', TEMPORAL_API_KEY: 'k', TEMPORAL_TLS: 'false' })).tls).toBe(false);
  });

  it.each([
    [{ TEMPORAL_TLS_CLIENT_CERT_PATH: '/nowhere' }, 'belong together'],
    [{ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere' }, 'TEMPORAL_TLS_SERVER_CA_CERT_PATH is "/nowhere"'],
  ])('refuses %j', (env, words) => {
    expect(() => clientConnectionOptions(loadSettings(env))).toThrow(expect.objectContaining({ code: 'SETTING_INVALID', message: expect.stringContaining(words) as string }) as Error);
  });

  it.each([
    [{}, 'http://127.0.0.1:18233/namespaces/default/workflows'],
    [{ TEMPORAL_ADDRESS: 'c.example:7233' }, null],
    [{ TEMPORAL_ADDRESS: 'c.example:7233', KEEL_TEMPORAL_UI_URL: 'https://ui.example/', TEMPORAL_NAMESPACE: 'a.b' }, 'https://ui.example/namespaces/a.b/workflows'],
  ])('UI of %j', (env, expected) => {
    expect(engineUiUrl(loadSettings(env))).toBe(expected);
  });
});
