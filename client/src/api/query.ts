/** How long server data is believed, and what is tried again. */
import { QueryClient } from "@tanstack/react-query";
import { Refused } from "./errors";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => !(error instanceof Refused) && count < 4,
      retryDelay: (attempt) => Math.min(8_000, 500 * 2 ** attempt),
    },
    mutations: { retry: false },
  },
});
