/** `npm run bench`: every measurement in one run on one machine. */
import { cpus } from 'node:os';
import { benchEvents } from './events.ts';
import { benchMatching } from './matching.ts';
import { benchPlan } from './plan.ts';
import { benchVenue } from './venue.ts';

process.stdout.write(`${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}\n`);
const plan = benchPlan();
process.stdout.write(`planCycle: 50 symbols ${plan.ms50.toFixed(2)} ms (goal 5), 400 symbols ${plan.ms400.toFixed(2)} ms (goal 40), medians\n`);
const { ordersPerSecond } = await benchMatching();
process.stdout.write(`matching core: ${Math.round(ordersPerSecond)} orders/s (goal 300000)\n`);
const { signedOrdersPerSecond } = await benchVenue();
process.stdout.write(`simulated venue: ${Math.round(signedOrdersPerSecond)} signed order requests/s (goal 2000)\n`);
const { eventsPerSecond } = await benchEvents();
process.stdout.write(`domain events: ${eventsPerSecond} stored, sealed and delivered a second, alone (goal 500, beside trading)\n`);
