/** Everything that the server found wrong with settings, one line each. */
import { Refused } from "../api/errors";
import { sentence } from "./complaints";
import classes from "./useSettings.module.css";

export function Complaints({ error }: { error: unknown }) {
  if (!(error instanceof Refused) || error.complaints.length === 0) return null;
  return (
    <ul className={classes.problems}>
      {error.complaints.map((complaint) => (
        <li key={complaint.path}>{sentence(complaint)}</li>
      ))}
    </ul>
  );
}
