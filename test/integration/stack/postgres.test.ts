import { mkdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { processIdentity } from '../../../bin/process-identity.mjs';
import { postgresBinaries, reachableBinaries } from '../../../stack/postgres/binaries.ts';
import { createDatabase, databaseUrl, dropDatabase } from '../../../stack/postgres/database.ts';
import { firstClosed } from '../../../stack/postgres/run-as.ts';
import { postgresSpec, startPostgres } from '../../../stack/postgres/server.ts';
import type { RunningPostgres } from '../../../stack/postgres/server.ts';
import { freePort } from '../../../stack/supervisor/ports.ts';
import { runAlone } from '../../../stack/supervisor/run-alone.ts';
import { testHome, until } from '../../support/processes.ts';

async function started(home: string, port: number): Promise<RunningPostgres> {
  const postgres = await startPostgres({ home, port });
  onTestFinished(() => postgres.stop());
  return postgres;
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // a killed server is part of the test
  await client.connect();
  return client.query(text).then(({ rows }) => rows as Record<string, unknown>[]).finally(() => client.end());
}

describe('the embedded Postgres', () => {
  it('is durable, listens on loopback only, wants its password, and keeps it from others', async () => {
    const home = testHome();
    const { url } = await started(home, await freePort());
    for (const [name, value] of [['fsync', 'on'], ['synchronous_commit', 'on'], ['full_page_writes', 'on'], ['listen_addresses', '127.0.0.1'], ['server_encoding', 'UTF8'], ['TimeZone', 'UTC']]) {
      expect(await query(url, `SELECT current_setting('${name}') AS value`)).toEqual([{ value }]);
    }
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(statSync(join(home, 'postgres.password')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(home, 'logs', 'postgres.log'), 'utf8')).not.toContain(new URL(url).password);
  });

  it('loses nothing by kill -9, and comes back by itself', async () => {
    const postgres = await started(testHome(), await freePort());
    await query(postgres.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const first = postgres.pid;
    process.kill(first ?? 0, 'SIGKILL');
    await until('it is up again', () => query(postgres.url, 'SELECT answer FROM kept').then(([row]) => row?.['answer'] === 42, () => false));
    expect(postgres.pid).not.toBe(first);
  });

  it('adopts the server that a killed process left, and stops one that no run file knows', async () => {
    const home = testHome();
    const port = await freePort();
    const left = await startPostgres({ home, port });
    const adopted = await startPostgres({ home, port });
    expect(adopted.pid).toBe(left.pid);
    rmSync(join(home, 'run'), { recursive: true });
    const fresh = await started(home, port);
    expect(processIdentity(left.pid ?? 0) === null || fresh.pid !== left.pid).toBe(true);
    await left.stop();
    await adopted.stop();
  });

  it('is not kept from starting by the pid file of a dead server', async () => {
    const home = testHome();
    const port = await freePort();
    await (await startPostgres({ home, port })).stop();
    writeFileSync(join(home, 'postgres', 'data', 'postmaster.pid'), `${process.pid}\n${home}\n`);
    await query((await started(home, port)).url, 'SELECT 1');
  });

  it('leaves no half of a cluster: an interrupted start is begun anew', async () => {
    const home = testHome();
    mkdirSync(join(home, 'postgres', 'data.new'), { recursive: true });
    writeFileSync(join(home, 'postgres', 'data.new', 'PG_VERSION'), '18');
    await query((await started(home, await freePort())).url, 'SELECT 1');
  });

  it('refuses data of another version, and data without its password', async () => {
    const home = testHome();
    const port = await freePort();
    await (await startPostgres({ home, port })).stop();
    writeFileSync(join(home, 'postgres', 'data', 'PG_VERSION'), '17\n');
    await expect(postgresSpec({ home, port })).rejects.toThrow('made by Postgres 17');
    rmSync(join(home, 'postgres.password'));
    await expect(postgresSpec({ home, port })).rejects.toThrow('restore that file');
  });

  it('makes databases, by template, once', async () => {
    const { url } = await started(testHome(), await freePort());
    const first = await createDatabase(url, 'keel_sim');
    expect(await createDatabase(url, 'keel_sim')).toBe(first);
    await query(first, 'CREATE TABLE t AS SELECT 1 AS x');
    const copies = await Promise.all(['a', 'b-1', 'ä"'].map((name) => createDatabase(url, name, { template: 'keel_sim' })));
    for (const copy of copies) expect(await query(copy, 'SELECT x FROM t')).toEqual([{ x: 1 }]);
    await dropDatabase(url, 'a');
    await dropDatabase(url, 'a');
    await expect(query(databaseUrl(url, 'a'), 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
    await expect(createDatabase(url, 'c', { template: 'nowhere' })).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
  });

  it('a role without the right is told what to do; no server is told so, without the password', async () => {
    const { url } = await started(testHome(), await freePort());
    await query(url, "CREATE ROLE small LOGIN PASSWORD 'hush'");
    const small = new URL(url);
    small.username = 'small';
    small.password = 'hush';
    await expect(createDatabase(small.href, 'x')).rejects.toThrow('make it by hand');
    small.port = String(await freePort());
    const failure = createDatabase(small.href, 'x');
    await expect(failure).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await expect(failure).rejects.not.toThrow('hush');
  });
});

describe('the user that Postgres runs as', () => {
  it('is checked for every folder on the way', () => {
    const home = testHome();
    const { uid, gid } = statSync(home);
    const stranger = { uid: uid + 1, gid: gid + 1 };
    mkdirSync(join(home, 'closed', 'in'), { recursive: true, mode: 0o700 });
    expect(firstClosed(join(home, 'closed', 'in'), { uid, gid })).toBeNull();
    expect(firstClosed(join(home, 'closed', 'in'), stranger)).toBe(home); // temporary folders are closed to others
    expect(firstClosed('/usr/bin', stranger)).toBeNull();
    expect(firstClosed('/usr/nowhere/at/all', stranger)).toBeNull();
  });

  it.runIf(process.getuid?.() === 0)('passes through closed folders when root says so', async () => {
    const home = testHome();
    const { spec, url } = await postgresSpec({ home, port: await freePort() });
    expect(spec.command).toBe('setpriv');
    const running = await runAlone(home, spec);
    onTestFinished(() => running.stop());
    expect(await query(url, "SELECT current_setting('data_directory') AS folder")).toEqual([{ folder: join(home, 'postgres', 'data') }]);
  });

  it('gets a copy of programs that it cannot reach, once', async () => {
    const home = testHome();
    const binaries = { ...(await postgresBinaries()), folder: join(home, 'closed', 'native'), version: '0.0.0' };
    const stranger = { uid: statSync(home).uid + 1, gid: statSync(home).gid + 1 };
    mkdirSync(join(binaries.folder, 'bin'), { recursive: true });
    writeFileSync(join(binaries.folder, 'bin', 'postgres'), 'x');
    symlinkSync('postgres', join(binaries.folder, 'bin', 'link'));
    expect(await reachableBinaries(binaries, null, join(home, 'shared'))).toBe(binaries);
    const copies = await Promise.all([1, 2].map(() => reachableBinaries(binaries, stranger, join(home, 'shared'))));
    for (const copy of copies) expect(readFileSync(copy.postgres, 'utf8')).toBe('x');
    expect(readlinkSync(join(home, 'shared', 'postgres-0.0.0', 'bin', 'link'))).toBe('postgres');
  });
});
