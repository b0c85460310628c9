import type { Command } from 'commander';
import { registerListing } from '../listing.ts';

export function register(program: Command): void {
  registerListing(program, 'orders', 'orders of every leg and how they stand');
}
