import type { Command } from 'commander';
import { registerListing } from '../listing.ts';

export function register(program: Command): void {
  registerListing(program, 'events', 'what happened, as subscribers heard it');
}
