import { describe, expect, it } from 'vitest';
import type { SizingReport } from '../../../client/sizing.ts';
import { sizingText } from '../../../client/sizing.ts';

const COMPARISON = { tested: 400, changed: 120, block: 6, neutralBps: 3.2, primary: { meanBps: 1.5, boundBps: 0.25 }, advise: { meanBps: 0.9, boundBps: -0.1 } };
const REPORT: SizingReport = {
  deployment: 'sim', mode: 'primary', missingForPrimary: null, closedTrades: 300,
  model: { portfolioId: 'sim', modelId: 'ab'.repeat(32), version: 'growth/1', asOf: Date.UTC(2023, 0, 1), samples: 800, comparison: COMPARISON },
  acknowledgement: { modelId: 'cd'.repeat(32), by: 'ada', because: 'read it', at: Date.UTC(2023, 0, 2) },
};

describe('keel sizing, for people', () => {
  it('tells the model, what it gains where it did not learn, and who let it be in charge', () => {
    const text = sizingText(REPORT);
    for (const said of ['sim: learned sizing is `primary`', 'abababababab, from 800 signals, as of 2023-01-01', 'another size than neutral on 120 of them', 'in charge 1.50 bps of equity a signal, lower 95 % bound 0.25', 'as advice 0.90', '300 or more', 'by ada on 2023-01-02', 'may be']) expect(text).toContain(said);
  });

  it('tells why there is no comparison', () => {
    const text = sizingText({ ...REPORT, model: { ...REPORT.model ?? expect.fail('there is one'), comparison: { notCompared: '192 signals are 2 of 10 blocks' } } });
    expect(text).toMatch(/tested +not with neutral: 192 signals are 2 of 10 blocks/);
    expect(text).not.toContain('in charge');
  });

  it('tells what is missing', () => {
    const text = sizingText({ ...REPORT, mode: 'shadow', missingForPrimary: '12 of 300 closed trades', closedTrades: 12, model: null, acknowledgement: null });
    for (const said of ['none yet: it takes 100 signals', 'by nobody', 'acts as `advise`: 12 of 300 closed trades']) expect(text).toContain(said);
    expect(text).not.toContain('tested');
  });
});
