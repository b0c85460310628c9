/** What people teach. */
import { sql } from 'drizzle-orm';
import { check, index, pgTable, text } from 'drizzle-orm/pg-core';
import { MARKS, REGIMES } from '../../domain/teaching/opinions.ts';
import { counter, id, oneOf, writtenAt } from './columns.ts';
import { outcomes, portfolios } from './market.ts';

/** What people said of predictions that were evaluated. Append-only. */
export const labelOpinions = pgTable(
  'label_opinions',
  {
    seq: counter('seq').primaryKey().generatedAlwaysAsIdentity(),
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    predictionId: counter('prediction_id').notNull().references(() => outcomes.predictionId),
    mark: text('mark').notNull(),
    regime: text('regime'),
    actor: text('actor').notNull(),
    because: text('because'),
    writtenAt: writtenAt(),
  },
  (table) => [
    index('label_opinions_prediction').on(table.portfolioId, table.predictionId, table.seq),
    check('label_opinions_mark_check', oneOf('mark', MARKS)),
    check('label_opinions_regime_check', oneOf('regime', REGIMES)),
    check('label_opinions_whole', sql`(mark = 'regime') = (regime is not null) and (mark = 'skip' or because is not null)`),
  ],
);
