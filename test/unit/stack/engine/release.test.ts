import { describe, expect, it } from 'vitest';
import { archiveOf, versionOf, versionServes } from '../../../../stack/engine/release.ts';

describe('release', () => {
  it.each([
    ['temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)', '1.8.2'],
    ['temporal version 1.10.0-rc.1 (Server 1.33.0)', '1.10.0-rc.1'],
    ['tctl version 1.18.0', null],
    ['', null],
  ])('reads %j', (output, expected) => {
    expect(versionOf(output)).toBe(expected);
  });

  it.each([['1.8.0', true], ['1.8.2', true], ['1.10.0', true], ['1.7.9', false], ['0.12.0', false], ['2.0.0', false]])('%s serves: %s', (version, expected) => {
    expect(versionServes(version)).toBe(expected);
  });

  it.each(['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'])('knows the archive of %s', (platform) => {
    expect(archiveOf(platform)).toMatchObject({ file: expect.stringMatching(/^temporal_cli_1\.8\.2_(linux|darwin)_(amd64|arm64)\.tar\.gz$/) as string, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  });

  it('knows none of other platforms', () => {
    expect(archiveOf('win32-x64')).toBeNull();
  });
});
