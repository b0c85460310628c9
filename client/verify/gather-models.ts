import type { ModelFact } from '../../domain/verify/models.ts';
import type { Read } from './gather-emergency.ts';

const MODELS = `
  SELECT m.model_id AS "modelId", encode(sha256(m.artefact), 'hex') AS "bytesHash", t.outcome AS trial, CASE m.model_id WHEN r.champion THEN 'champion' WHEN r.on_trial THEN 'onTrial' END AS place,
    coalesce((SELECT jsonb_agg(jsonb_build_object('kind', s.kind, 'isByHand', starts_with(s.step_id, 'byHand/')) ORDER BY s.seq) FROM model_steps s WHERE s.portfolio_id = m.portfolio_id AND s.model_id = m.model_id), '[]') AS steps,
    coalesce((SELECT jsonb_agg(jsonb_build_object('phase', s.trial->'state'->>'phase', 'isByHand', starts_with(s.step_id, 'byHand/')) ORDER BY s.seq) FROM trial_steps s WHERE s.portfolio_id = m.portfolio_id AND s.model_id = m.model_id AND s.trial IS NOT NULL), '[]') AS phases
  FROM models m JOIN validation_trials t USING (trial_id) LEFT JOIN model_registry r ON r.portfolio_id = m.portfolio_id WHERE m.portfolio_id = $1 ORDER BY m.model_id`;

export const readModels = (read: Read): Promise<ModelFact[]> => read<ModelFact>(MODELS);
