/** SQL: the database's wall clock, epoch milliseconds. */
export const NOW_MS = '(extract(epoch from clock_timestamp()) * 1000)::bigint';
