import { expect, it } from 'vitest';
import { whenAllowed } from '../../../client/wait.ts';
import { KeelError } from '../../../domain/errors.ts';

it('a venue that asks to wait is asked again, which is said once', async () => {
  const said: string[] = [];
  let asked = 0;
  const answer = await whenAllowed(async () => {
    asked += 1;
    if (asked < 3) throw new KeelError('RATE_LIMITED', 'no room');
    return 7;
  }, (line) => void said.push(line));
  expect([answer, asked, said]).toEqual([7, 3, ['no room; waiting']]);
});

it('what fails otherwise is not tried again', async () => {
  let asked = 0;
  await expect(whenAllowed(async () => { asked += 1; throw new KeelError('VENUE_REFUSED', 'no'); })).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
  expect(asked).toBe(1);
});
