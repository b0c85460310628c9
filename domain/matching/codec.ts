/** Plain JSON for a tree of objects, arrays, maps, bigints and scalars, and back. */

/** Bigints become `{ "$big": "1" }`, maps `{ "$map": [[key, value], …] }`; order is kept. */
export function encode(value: unknown): unknown {
  if (typeof value === 'bigint') return { $big: value.toString() };
  if (value instanceof Map) return { $map: Array.from(value as Map<unknown, unknown>, ([key, item]) => [key, encode(item)]) };
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item)]));
  }
  return value;
}

export function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== 'object' || value === null) return value;
  if ('$big' in value && typeof value.$big === 'string') return BigInt(value.$big);
  if ('$map' in value && Array.isArray(value.$map)) {
    return new Map(value.$map.map((entry: unknown) => {
      if (!Array.isArray(entry)) throw new RangeError('a snapshot is damaged: a map entry is no pair');
      return [entry[0] as unknown, decode(entry[1])] as const;
    }));
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item)]));
}
