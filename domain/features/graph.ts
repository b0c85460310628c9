import type { Indicator } from '../indicators/streaming.ts';
import type { Candle } from '../market/candle.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { timeframeMs } from '../market/timeframe.ts';
import { Series, Window } from './series.ts';

/** What features read at a candle. NaN: not known. */
export interface Frame {
  readonly openTime: number;
  /** The moment of the decision, epoch milliseconds. */
  readonly closeTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** Close of the market's leader (BTC) at the same close time. */
  readonly btcClose: number;
  /** 0..1: share of the universe that stands above its close of 24 candles ago. */
  readonly breadth: number;
  /** Mean log return of the universe over this candle. */
  readonly marketReturn: number;
  /** Last funding rate, a fraction per interval; positive: longs pay. */
  readonly fundingRate: number;
  /** In base currency. */
  readonly openInterest: number;
}

/** The fields of a frame that a series can follow. */
type FrameField = Exclude<keyof Frame, 'openTime' | 'closeTime'>;

const UNKNOWN: Frame = {
  openTime: NaN, closeTime: NaN, open: NaN, high: NaN, low: NaN, close: NaN, volume: NaN, btcClose: NaN, breadth: NaN, marketReturn: NaN, fundingRate: NaN, openInterest: NaN,
};

/** Something that moves along, one candle at a time. */
export interface GraphNode {
  update(): void;
}

/** An indicator and its newest output; null while it warms up. */
class IndicatorNode<Input, Output> implements GraphNode {
  value: Output | null = null;
  readonly #indicator: Indicator<Input, Output>;
  readonly #input: () => Input;

  constructor(indicator: Indicator<Input, Output>, input: () => Input) {
    this.#indicator = indicator;
    this.#input = input;
  }

  update(): void {
    this.value = this.#indicator.next(this.#input());
  }
}

/**
 * What a feature is built from: the candle (`now`), and the series, windows and indicators that it asks for when it is
 * created. Features that ask for the same one share it.
 */
export class Graph {
  readonly timeframe: Timeframe;
  now: Frame = UNKNOWN;
  readonly #nodes: GraphNode[] = [];
  readonly #byKey = new Map<string, GraphNode>();

  constructor(timeframe: Timeframe) {
    this.timeframe = timeframe;
  }

  /** One more closed candle. */
  advance(frame: Frame): void {
    this.now = frame;
    for (const node of this.#nodes) node.update();
  }

  /** The node of that key; made on the first asking, and from then on updated once a candle, after those it was made from. */
  node<Node extends GraphNode>(key: string, make: () => Node): Node {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known as Node;
    const made = make();
    this.#byKey.set(key, made);
    this.#nodes.push(made);
    return made;
  }

  /** @param key two readings under one key are one. */
  indicator<Input, Output>(key: string, create: () => Indicator<Input, Output>, input: () => Input): { readonly value: Output | null } {
    return this.node(key, () => new IndicatorNode(create(), input));
  }

  /** Whatever `read` gives, taken once a candle for all who ask under the same key. */
  reading(key: string, read: () => number): () => number {
    const node = this.node(`reading ${key}`, () => new Reading(read));
    return () => node.value;
  }

  /** A field of the frame, or whatever `read` gives at each candle, kept for windows. */
  series(key: FrameField): Series;
  series(key: string, read: () => number): Series;
  series(key: string, read: () => number = () => this.now[key as FrameField]): Series {
    return this.node(`series ${key}`, () => new FollowedSeries(read)).series;
  }

  /** The newest `length` values of a field or a series. @param skip how many candles ago the window ends. */
  window(of: FrameField | Series, length: number, skip = 0): Window {
    return new Window(typeof of === 'string' ? this.series(of) : of, length, skip);
  }

  /** A field's or a series' value so many candles ago. */
  ago(of: FrameField | Series, candles: number): () => number {
    const series = typeof of === 'string' ? this.series(of) : of;
    series.reserve(candles + 1);
    return () => series.at(candles);
  }

  /** The candles of a higher timeframe, each only when it has closed. Where that is not higher, none ever comes. */
  higher(timeframe: Timeframe): Graph {
    return this.node(`higher ${timeframe}`, () => new HigherCandles(this, timeframe)).graph;
  }
}

class Reading implements GraphNode {
  value = NaN;
  readonly #read: () => number;

  constructor(read: () => number) {
    this.#read = read;
  }

  update(): void {
    this.value = this.#read();
  }
}

class FollowedSeries implements GraphNode {
  readonly series = new Series();
  readonly #read: () => number;

  constructor(read: () => number) {
    this.#read = read;
  }

  update(): void {
    this.series.push(this.#read());
  }
}

class HigherCandles implements GraphNode {
  readonly graph: Graph;
  readonly #from: Graph;
  readonly #lengthMs: number;
  readonly #isHigher: boolean;
  #open: Candle | null = null;

  constructor(from: Graph, timeframe: Timeframe) {
    this.#from = from;
    this.graph = new Graph(timeframe);
    this.#lengthMs = timeframeMs(timeframe);
    this.#isHigher = this.#lengthMs > timeframeMs(from.timeframe);
  }

  update(): void {
    if (!this.#isHigher) return;
    const { openTime, closeTime, open, high, low, close, volume } = this.#from.now;
    if (openTime % this.#lengthMs === 0) this.#open = { openTime, open, high, low, close, volume };
    else if (this.#open !== null) this.#open = { openTime: this.#open.openTime, open: this.#open.open, high: Math.max(this.#open.high, high), low: Math.min(this.#open.low, low), close, volume: this.#open.volume + volume };
    if (closeTime % this.#lengthMs !== 0 || this.#open === null) return;
    this.graph.advance({ ...UNKNOWN, ...this.#open, closeTime });
    this.#open = null;
  }
}
