import type { Command } from 'commander';
import { registerListing } from '../listing.ts';

export function register(program: Command): void {
  registerListing(program, 'predictions', 'what was foretold, by what was acted on and by each voter, and what came of it');
}
