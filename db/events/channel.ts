/** On which events are announced; PostgreSQL tells at commit. The text is empty for a new event. */
export const EVENT_CHANNEL = 'keel_events';

/** The text that says that events were sealed, and can be delivered. */
export const SEALED = 'sealed';
