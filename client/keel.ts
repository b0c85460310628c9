/** The command `keel`. */
import { createProgram } from './program.ts';
import { run } from './run.ts';

await run(async () => {
  await (await createProgram(process.argv[2])).parseAsync();
});
