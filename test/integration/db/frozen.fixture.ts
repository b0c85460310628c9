/** Freezes in the middle of a transaction, and says what it finds when it is woken. Arguments: the database's URL. */
import { createPool, inTransaction, run } from '../../../db/pool.ts';
import { KeelError } from '../../../domain/errors.ts';

const [url = ''] = process.argv.slice(2);
const pool = createPool(url, { applicationName: 'frozen' });

async function hold(): Promise<string> {
  try {
    await inTransaction(pool, 'hold', async (client) => {
      await client.query(`UPDATE fence SET reason = 'frozen'`);
      process.stdout.write('{"ready":true}\n');
      process.kill(process.pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 100)); // the news that the connection is gone comes first
      await client.query(`UPDATE fence SET reason = 'woken'`);
    });
    return 'committed';
  } catch (error) {
    return error instanceof KeelError ? error.code : String(error);
  }
}

const outcome = await hold();
const rows = await run(pool, 'ask again', { text: 'SELECT reason FROM fence' });
process.stdout.write(`${JSON.stringify({ outcome, rows })}\n`);
await pool.end();
