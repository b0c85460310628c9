-- A retrain may end before there is a data set: policy forbids it, or the candles do not reach back far enough.
ALTER TABLE retrain_runs DROP CONSTRAINT retrain_runs_outcome_check;
ALTER TABLE retrain_runs ADD CONSTRAINT retrain_runs_outcome_check CHECK (outcome in ('registered', 'refused', 'failed', 'skipped'));
ALTER TABLE retrain_runs DROP CONSTRAINT retrain_runs_whole;
ALTER TABLE retrain_runs ADD CONSTRAINT retrain_runs_whole CHECK ((outcome in ('failed', 'skipped') or (data_hash is not null and rows is not null)) and (outcome = 'registered') = (reason is null));
